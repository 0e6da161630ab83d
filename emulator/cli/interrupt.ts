import { InterruptedError } from './errors.js';

/** Settles as `work` does, or rejects at once when Ctrl-C comes. `hint` says what goes on without us. */
export async function interruptible<T>(interrupt: AbortSignal, work: Promise<T>, hint?: string): Promise<T> {
  work.catch(() => undefined); // After an interrupt nobody waits for it any more.
  if (interrupt.aborted) throw new InterruptedError(hint);
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => { reject(new InterruptedError(hint)); };
    interrupt.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    interrupt.removeEventListener('abort', onAbort);
  }
}
