import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { InterruptedError } from '../errors.js';

/** Tells the pieces of a long work that it is to end early. */
export interface Ending {
  /** Rejects as soon as it is to end. */
  readonly happened: Promise<never>;
  /** Between two pieces of work: lets signals and answers in. @throws InterruptedError when it is to end. */
  readonly breathe: () => Promise<void>;
  /** A pause that ends early, by InterruptedError. */
  readonly sleep: (durationMs: number) => Promise<void>;
  begin(): void;
  /** Lets the process have its signals back. */
  dispose(): void;
}

/** What asks a program to end, beside Ctrl-C. A second one does not hurry it: what it cleans up takes a moment. */
const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

/** @param interrupt Ctrl-C. */
export function endingOf(interrupt: AbortSignal): Ending {
  const own = new AbortController();
  const begin = (): void => { own.abort(); };
  interrupt.addEventListener('abort', begin);
  for (const signal of SIGNALS) process.on(signal, begin);
  if (interrupt.aborted) begin();

  const happened = new Promise<never>((_resolve, reject) => {
    const fail = (): void => { reject(new InterruptedError()); };
    if (own.signal.aborted) fail();
    own.signal.addEventListener('abort', fail);
  });
  happened.catch(() => undefined); // It may come while nobody waits.
  return {
    happened,
    breathe: async () => {
      await nextTurn();
      if (own.signal.aborted) throw new InterruptedError();
    },
    sleep: async (durationMs) => {
      await Promise.race([delay(durationMs, undefined, { signal: own.signal }).catch(() => happened), happened]);
    },
    begin,
    dispose: () => {
      interrupt.removeEventListener('abort', begin);
      for (const signal of SIGNALS) process.off(signal, begin);
    },
  };
}
