import { expect, test } from 'vitest';
import { Scheduler } from '../../../emulator/simulation/scheduler.js';

const label = { where: 'here', what: 'it' };

test('events come by time, and at one instant in the order in which they were scheduled', () => {
  const scheduler = new Scheduler();
  const seen: string[] = [];
  const times = [50, 10, 30, 10, 50, 20, 10];
  times.forEach((atUs, index) => scheduler.at(atUs, label, () => { seen.push(`${String(scheduler.nowUs)}:${String(index)}`); }));
  while (scheduler.deliver());
  expect(seen).toEqual(['10:1', '10:3', '10:6', '20:5', '30:2', '50:0', '50:4']);
  expect(scheduler.delivered).toBe(7);
});

test('what an event schedules comes in its turn, and never before now', () => {
  const scheduler = new Scheduler();
  const seen: number[] = [];
  scheduler.at(10, label, () => {
    scheduler.at(3, label, () => { seen.push(scheduler.nowUs); });
    scheduler.after(5, label, () => { seen.push(scheduler.nowUs); });
  });
  while (scheduler.deliver());
  expect(seen).toEqual([10, 15]);
});

test('until a time: later events stay, and the time has come', () => {
  const scheduler = new Scheduler();
  let happened = false;
  scheduler.at(100, label, () => { happened = true; });
  expect([scheduler.deliver(60), scheduler.nowUs, happened]).toEqual([false, 60, false]);
  expect([scheduler.deliver(100), scheduler.nowUs, happened]).toEqual([true, 100, true]);
});

test('a cancelled event does not happen, and is not counted', () => {
  const scheduler = new Scheduler();
  let happened = false;
  scheduler.at(5, label, () => { happened = true; }).run = undefined;
  expect([scheduler.deliver(), happened, scheduler.delivered]).toEqual([false, false, 0]);
});

test('the trace hash tells two orders of events apart, and remembers the last events', () => {
  const hashOf = (times: readonly number[]): string => {
    const scheduler = new Scheduler();
    for (const atUs of times) scheduler.at(atUs, { where: 'P', what: 'write', offsetBytes: atUs }, () => undefined);
    while (scheduler.deliver());
    return scheduler.traceHash;
  };
  expect(hashOf([1, 2, 3])).toBe(hashOf([3, 2, 1]));
  expect(hashOf([1, 2, 3])).not.toBe(hashOf([1, 2, 4]));
  const scheduler = new Scheduler();
  for (let atUs = 0; atUs < 100; atUs += 1) scheduler.at(atUs, label, () => undefined);
  while (scheduler.deliver());
  expect(scheduler.recent.map(({ atUs }) => atUs)).toEqual(Array.from({ length: 64 }, (_, i) => 36 + i));
});

test('the trace hash tells labels apart that are as long and begin alike', () => {
  const hashOf = (where: string, what: string): string => {
    const scheduler = new Scheduler();
    scheduler.at(1, { where, what }, () => undefined);
    scheduler.deliver();
    return scheduler.traceHash;
  };
  const labels = [['P', 'volume read'], ['P', 'volume zero'], ['S', 'volume read'], ['Pv', 'olume read']] as const;
  expect(new Set(labels.map(([where, what]) => hashOf(where, what))).size).toBe(labels.length);
});
