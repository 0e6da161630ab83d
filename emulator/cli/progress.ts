import { SingleBar } from 'cli-progress';
import { PROGRESS_AFTER_MS, PROGRESS_LINE_MS } from './limits.js';
import { formatBytes } from './sizes.js';
import type { Run } from './verb.js';
import type { World } from './world.js';

/** Shows how far something has come, once it takes longer than a moment. */
export interface Progress {
  /** `done` of `total`, in whatever unit; `bytes` of data so far, for the rate, where there are any. */
  update(done: number, total: number, bytes?: number): void;
  /** Clears the bar away. */
  end(): void;
}

/** A way to show it, made when there is first something to show. */
type Display = (percent: number, text: string) => void;

/**
 * A bar on stderr where that is a terminal, now and then a plain line where it is not, and nothing where
 * `--json` is given besides: a script that joins both outputs must still find one JSON document.
 */
export function startProgress(run: Run, label: string): Progress {
  const { world } = run;
  const startedMs = world.nowMs();
  const bar = world.stderr.isTty ? lazyBar(label) : undefined;
  const display = bar?.show ?? (run.json ? () => undefined : plainLines(world, label));
  const end = (): void => bar?.clear();
  world.interrupt.addEventListener('abort', end, { once: true });
  // What was done before, by a job that is resumed or joined, says nothing of the pace.
  let first: { readonly done: number; readonly bytes: number } | undefined;
  return {
    update: (done, total, bytes) => {
      first ??= { done, bytes: bytes ?? 0 };
      const elapsedMs = world.nowMs() - startedMs;
      if (elapsedMs < PROGRESS_AFTER_MS) return;
      const percent = total === 0 ? 0 : Math.floor((done / total) * 100);
      const left = secondsLeft(done - first.done, total - done, elapsedMs);
      const rate = bytes === undefined ? [] : [formatBytes(bytes), rateText(bytes - first.bytes, elapsedMs)];
      display(percent, [...rate, ...left].join(', '));
    },
    end,
  };
}

/** At the pace so far; nothing while there is none. */
function secondsLeft(done: number, toDo: number, elapsedMs: number): string[] {
  return done <= 0 ? [] : [`about ${String(Math.ceil((toDo / done) * elapsedMs / 1000))} s left`];
}

/** `312 MiB/s`. */
export function rateText(bytes: number, durationMs: number): string {
  return `${formatBytes(Math.round(bytes / Math.max(durationMs, 1) * 1000))}/s`;
}

function lazyBar(label: string): { show: Display; clear: () => void } {
  let bar: SingleBar | undefined;
  const show = (percent: number, text: string): void => {
    if (bar === undefined) {
      bar = new SingleBar({
        stream: process.stderr,
        format: `${label} [{bar}] {percentage} %  {text}`,
        clearOnComplete: true,
        hideCursor: true,
        gracefulExit: false, // Signals are the program's.
      });
      bar.start(100, percent, { text });
    }
    bar.update(percent, { text });
  };
  return { show, clear: () => bar?.stop() };
}

function plainLines(world: World, label: string): Display {
  let nextMs = 0;
  return (percent, text) => {
    if (world.nowMs() < nextMs) return;
    nextMs = world.nowMs() + PROGRESS_LINE_MS;
    world.stderr.write(`${label}: ${String(percent)} %${text === '' ? '' : `, ${text}`}\n`);
  };
}
