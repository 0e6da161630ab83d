import type { Clock } from '../firmware/hal.js';
import { EventLoop } from '../firmware/kernel/event-loop.js';
import type { Task } from '../firmware/kernel/pending.js';
import { DriveLoop } from './drive-loop.js';

/** Runs one firmware task on an event loop of its own, without a card; rejects with what it throws. */
export function runTask<T>(clock: Clock, name: string, task: (loop: EventLoop) => Task<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const drive = new DriveLoop((limit) => loop.step(limit), reject);
    const loop = new EventLoop(clock, () => { drive.wake(); });
    const settle = function* (): Task {
      try {
        resolve(yield* task(loop));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    loop.spawn(name, settle());
  });
}
