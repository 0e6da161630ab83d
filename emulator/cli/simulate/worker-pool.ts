import { Worker } from 'node:worker_threads';

/** What a worker sends when it wants the next task. */
export const IDLE = 'idle';

export interface PoolRun<Task, Answer> {
  readonly program: URL;
  /** What each worker is started with. */
  readonly setup: object;
  readonly jobs: number;
  /** The next task; undefined when there is none, and so for each worker that asks again. */
  readonly take: () => Task | undefined;
  readonly onAnswer: (answer: Answer) => void;
  readonly interrupt: AbortSignal;
}

/** Gives tasks to several threads. Resolves when none is left, or the run was interrupted. */
export async function runPool<Task, Answer>(run: PoolRun<Task, Answer>): Promise<void> {
  await Promise.all(Array.from({ length: run.jobs }, () => runWorker(run)));
}

function runWorker<Task, Answer>({ program, setup, take, onAnswer, interrupt }: PoolRun<Task, Answer>): Promise<void> {
  const worker = new Worker(program, { workerData: setup });
  return new Promise((resolve, reject) => {
    const stop = (): void => { void worker.terminate(); };
    interrupt.addEventListener('abort', stop, { once: true });
    worker.on('message', (answer: Answer | typeof IDLE) => {
      if (answer !== IDLE) {
        onAnswer(answer);
        return;
      }
      const task = take();
      if (task === undefined) stop();
      else worker.postMessage(task);
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      interrupt.removeEventListener('abort', stop);
      resolve();
    });
  });
}
