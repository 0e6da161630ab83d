import { beforeEach, describe, expect, test } from 'vitest';
import type { Completion, FramePort, PortEvent } from '../../../firmware/hal.js';
import { EventLoop, FirmwareFault } from '../../../firmware/kernel/event-loop.js';
import { ReceiveSlot } from '../../../firmware/kernel/receive-slot.js';
import { BenchClock, settle } from '../support/tasks.js';

const frame = (connection: number): PortEvent => ({ kind: 'frame', connection, lengthBytes: 4, wireBytes: 4 });

let loop: EventLoop;
let posted: { buffer: Uint8Array; done: Completion<PortEvent> }[];
let arrived: (event: PortEvent, slot: ReceiveSlot) => void;
let slot: ReceiveSlot;

beforeEach(() => {
  loop = new EventLoop(new BenchClock(), () => undefined);
  posted = [];
  arrived = () => undefined;
  const port = { receive: (buffer: Uint8Array, done: Completion<PortEvent>) => { posted.push({ buffer, done }); } } as unknown as FramePort;
  slot = new ReceiveSlot({ loop, port, name: 'receive', arrived: (event, of) => { arrived(event, of); } }, new Uint8Array(8));
});

describe('a receive slot', () => {
  test('brings an event where the loop takes it off its ring, not where the port reports it', () => {
    const events: PortEvent[] = [];
    arrived = (event) => { events.push(event); };
    slot.post();
    posted[0]?.done.succeed(frame(7));
    expect(events).toEqual([]);
    settle(loop);
    expect(events).toEqual([frame(7)]);
  });

  test('is posted again with the same buffer by whoever has it, and only then', () => {
    arrived = (_, of) => { of.post(); };
    slot.post();
    for (const connection of [1, 2, 3]) {
      posted.at(-1)?.done.succeed(frame(connection));
      settle(loop);
    }
    expect(posted.map(({ buffer }) => buffer)).toEqual(Array.from({ length: 4 }, () => slot.buffer));
    expect(() => { slot.post(); }).toThrow('posted twice');
  });

  test('takes one event each time it is posted', () => {
    slot.post();
    const done = posted[0]?.done;
    done?.succeed(frame(1));
    expect(() => { done?.succeed(frame(2)); }).toThrow('settled twice');
    settle(loop);
    expect(() => { done?.succeed(frame(3)); }).toThrow('settled twice');
  });

  test('stops the card when its port fails', () => {
    slot.post();
    posted[0]?.done.fail({ part: 'disk', kind: 'io', text: 'the port burns' });
    expect(() => { settle(loop); }).toThrow(FirmwareFault);
    expect(() => { settle(loop); }).toThrow('firmware fault in task receive: the port burns');
  });

  test('stops the card when what takes the event breaks', () => {
    arrived = () => { throw new Error('no such thing'); };
    slot.post();
    posted[0]?.done.succeed(frame(1));
    expect(() => { settle(loop); }).toThrow('firmware fault in task receive: no such thing');
  });
});
