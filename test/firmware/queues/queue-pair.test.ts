import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Identified, QueuePair } from '../../../firmware/queues/queue-pair.js';

type Pair = QueuePair<Identified, Identified>;

function newPair(depth: number): Pair {
  return new QueuePair(1, depth);
}

/** Submits commands, which the card fetches at once. */
function submitted(pair: Pair, ...ids: number[]): string[] {
  return ids.map((commandId) => {
    const admission = pair.submit({ commandId });
    pair.submissions.fetch();
    return admission;
  });
}

/** Ids of the completions that are there to be sent. */
function taken(pair: Pair): number[] {
  const ids: number[] = [];
  for (let posted = pair.completions.take(); posted !== undefined; posted = pair.completions.take()) ids.push(posted.finished.commandId);
  return ids;
}

describe('a queue pair', () => {
  it('admits as many commands as it is deep', () => {
    expect(submitted(newPair(2), 1, 2, 3)).toEqual(['admitted', 'admitted', 'queue-full']);
  });

  it('refuses the id of an open command, and takes it again when that has ended', () => {
    const pair = newPair(4);
    expect(submitted(pair, 7, 7)).toEqual(['admitted', 'id-in-use']);
    pair.complete({ commandId: 7 });
    expect(submitted(pair, 7)).toEqual(['admitted']);
  });

  it('does not refuse a host that hears of a completion before the card hears that it was sent', () => {
    const pair = newPair(2);
    submitted(pair, 1, 2);
    pair.complete({ commandId: 1 });
    expect(taken(pair)).toEqual([1]);
    expect(submitted(pair, 3)).toEqual(['admitted']);
  });

  it('lets what ends while the completion queue is full wait, and stay open', () => {
    const pair = newPair(2);
    submitted(pair, 1, 2);
    pair.complete({ commandId: 1 });
    pair.complete({ commandId: 2 });
    submitted(pair, 3, 4);
    pair.complete({ commandId: 3 });
    pair.complete({ commandId: 4 });
    expect(pair.open).toBe(2);
    expect(submitted(pair, 5)).toEqual(['queue-full']);
    expect(taken(pair)).toEqual([1, 2]);
    pair.sent();
    expect([pair.open, taken(pair)]).toEqual([1, [3]]);
    pair.sent();
    expect([pair.open, taken(pair)]).toEqual([0, [4]]);
  });

  it('tells with each completion how far it consumed the submission queue', () => {
    const pair = newPair(2);
    const heads: number[] = [];
    for (let id = 0; id < 5; id += 1) {
      submitted(pair, id);
      pair.complete({ commandId: id });
      heads.push(pair.completions.take()?.sqHead ?? -1);
      pair.sent();
    }
    expect(heads).toEqual([1, 0, 1, 0, 1]);
  });

  it('posts refusals as long as the completion queue has room', () => {
    const pair = newPair(2);
    expect([1, 2, 3].map((commandId) => pair.refuse({ commandId }))).toEqual([true, true, false]);
  });

  it('gives back what nobody will read', () => {
    const pair = newPair(2);
    submitted(pair, 1, 2);
    pair.complete({ commandId: 1 });
    pair.complete({ commandId: 2 });
    submitted(pair, 3);
    pair.complete({ commandId: 3 });
    expect(pair.abandon().map(({ commandId }) => commandId)).toEqual([1, 2, 3]);
  });

  it('refuses to count a completion as sent that was not taken', () => {
    const pair = newPair(2);
    pair.refuse({ commandId: 1 });
    expect(() => { pair.sent(); }).toThrow('more completions were sent than taken');
  });

  it('completes every admitted command once, in the order in which they ended, with a phase a host can follow', () => {
    const action = fc.constantFrom('submit', 'end', 'take', 'sent');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 200 }), (depth, actions) => {
        const pair = newPair(depth);
        const running: number[] = [];
        const ended: number[] = [];
        let nextId = 0;
        let takenUnsent = 0;
        let takenInAll = 0;
        for (const what of actions) {
          if (what === 'submit') {
            if (pair.submit({ commandId: nextId }) === 'admitted') running.push(pair.submissions.fetch()?.commandId ?? -1);
            nextId += 1;
          } else if (what === 'end') {
            const commandId = running.shift();
            if (commandId === undefined) continue;
            pair.complete({ commandId });
            ended.push(commandId);
          } else if (what === 'take') {
            const posted = pair.completions.take();
            if (posted === undefined) continue;
            expect(posted.finished.commandId).toBe(ended.shift());
            expect(posted.phase).toBe(Math.floor(takenInAll / depth) % 2 === 0);
            takenInAll += 1;
            takenUnsent += 1;
          } else if (takenUnsent > 0) {
            pair.sent();
            takenUnsent -= 1;
          }
          expect(pair.open).toBeLessThanOrEqual(depth);
        }
      }),
    );
  });
});
