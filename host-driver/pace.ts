import { performance } from 'node:perf_hooks';

/** What is doubled for a frame's way: its data may wait behind as much going or coming. */
const WAYS = 2;

/** When an answer is overdue on a line of a certain speed. */
export interface Pace {
  readonly timeoutMs: number;
  /** The instant at which a request sent now is overdue, with `bytesInFlight` of data to cross the line first. */
  deadlineMs(bytesInFlight: number): number;
}

/** Monotonic time in milliseconds. */
export function nowMs(): number {
  return performance.now();
}

/** A slow line adds the time that its own traffic takes: else a long transfer would look like a dead card. */
export function paceOf(timeoutMs: number, bytesPerSecond: number): Pace {
  return {
    timeoutMs,
    deadlineMs: (bytesInFlight) => nowMs() + timeoutMs + (WAYS * bytesInFlight * 1000) / bytesPerSecond,
  };
}
