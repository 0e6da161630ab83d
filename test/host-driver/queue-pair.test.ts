import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { noAnomalies } from '../../host-driver/anomalies.js';
import { paceOf } from '../../host-driver/pace.js';
import { QueuePair } from '../../host-driver/queue-pair.js';
import { flushWork, type SingleWork } from '../../host-driver/single-work.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Command, CompletionSchema } from '../../protos/gen/grainlink/host/v1/host_pb.js';

const NO_DATA = new Uint8Array(0);

/** A queue pair whose card is the test. */
function bench(depth: number) {
  const sent: Command[] = [];
  const anomalies = noAnomalies();
  const line = { open: true };
  let completions = 0;
  const queue = new QueuePair(1, depth, paceOf(1000, Infinity), anomalies, (command) => {
    sent.push(command);
    return line.open;
  });
  return {
    queue,
    sent,
    anomalies,
    line,
    enqueue: (count: number): SingleWork[] =>
      Array.from({ length: count }, () => {
        const work = flushWork();
        queue.enqueue(work);
        return work;
      }),
    complete: (index: number, status = Status.SUCCESS): void => {
      const commandId = sent[index]?.commandId ?? -1;
      const phase = Math.floor(completions / depth) % 2 === 0;
      completions += 1;
      queue.complete(create(CompletionSchema, { queue: 1, commandId, status, phase, sqHead: sent.length % depth }), NO_DATA);
    },
  };
}

async function statusOf(work: SingleWork | undefined): Promise<Status | undefined> {
  return (await work?.answer)?.status;
}

describe('QueuePair', () => {
  it('keeps no more than its depth in flight, and submits the rest as there is room', () => {
    const { enqueue, sent, complete, queue } = bench(4);
    enqueue(10);
    expect(sent).toHaveLength(4);
    complete(1);
    complete(0);
    expect(sent).toHaveLength(6);
    expect(queue.inFlight).toBe(4);
  });

  it('gives each command in flight an id of its own', () => {
    const { enqueue, sent, complete } = bench(8);
    enqueue(40);
    for (let index = 0; index < 32; index += 1) complete(index);
    const inFlight = sent.slice(-8).map(({ commandId }) => commandId);
    expect(new Set(inFlight).size).toBe(8);
  });

  it('matches completions that come out of order', async () => {
    const { enqueue, complete, anomalies } = bench(4);
    const works = enqueue(4);
    complete(2, Status.DISK_ERROR);
    complete(0, Status.BUSY);
    complete(3);
    complete(1);
    expect(await Promise.all(works.map(statusOf))).toEqual([Status.BUSY, Status.SUCCESS, Status.DISK_ERROR, Status.SUCCESS]);
    expect(anomalies).toEqual(noAnomalies());
  });

  it('ignores and counts a completion that comes twice, also after its place is used again', () => {
    const { enqueue, complete, anomalies, queue, sent } = bench(1);
    enqueue(2);
    complete(0);
    expect(sent).toHaveLength(2);
    complete(0);
    expect(anomalies.unknownCompletions).toBe(1);
    expect(queue.inFlight).toBe(1);
  });

  it.each([0, 5, 65_535, 2 ** 31, 2 ** 32 - 1])('ignores and counts a completion of id %d, which it never gave', (commandId) => {
    const { queue, anomalies, enqueue } = bench(2);
    enqueue(1);
    queue.complete(create(CompletionSchema, { queue: 1, commandId, status: Status.SUCCESS, phase: true }), NO_DATA);
    expect(anomalies.unknownCompletions).toBe(1);
    expect(queue.inFlight).toBe(1);
  });

  it('counts heads that cannot be, and goes on', () => {
    const { queue, sent, anomalies, enqueue } = bench(2);
    enqueue(20);
    for (let index = 0; index < 20; index += 1) {
      const commandId = sent[index]?.commandId ?? -1;
      const phase = Math.floor(index / 2) % 2 === 0;
      queue.complete(create(CompletionSchema, { queue: 1, commandId, status: Status.SUCCESS, phase, sqHead: 77 }), NO_DATA);
    }
    expect(sent).toHaveLength(20);
    expect(anomalies).toEqual({ ...noAnomalies(), impossibleHeads: 20 });
  });

  it('waits while the line takes nothing, and goes on when it does', () => {
    const { queue, enqueue, sent, line } = bench(8);
    line.open = false;
    enqueue(5);
    expect(sent).toHaveLength(1);
    line.open = true;
    queue.resume();
    expect(sent).toHaveLength(5);
  });

  it('fails what is in flight, what waits and what comes later once it is lost', async () => {
    const { queue, enqueue, sent } = bench(2);
    const works = enqueue(5);
    queue.fail(new Error('lost'));
    const late = enqueue(1);
    for (const work of [...works, ...late]) await expect(work.answer).rejects.toThrow('lost');
    expect(sent).toHaveLength(2);
  });

  it('names the works with an overdue command', () => {
    const { queue, enqueue } = bench(2);
    const works = enqueue(3);
    expect(queue.overdue(performance.now())).toEqual([]);
    expect(queue.overdue(performance.now() + 2000)).toEqual(works.slice(0, 2));
  });
});
