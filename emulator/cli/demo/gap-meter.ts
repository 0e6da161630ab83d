/** The longest of something, and what the demo was doing then. */
export interface Longest {
  readonly ms: number;
  readonly during: string;
}

/** Measures how evenly a host is served. */
export interface GapMeter {
  start(): void;
  /** A write is submitted; call what is returned when it is answered. */
  begin(): () => void;
  /** Between the answers to two writes, one after the other. */
  longestGap(): Longest;
  /** From a write's submission to its answer. */
  slowestWrite(): Longest;
}

/** @param during what the demo is doing now, in a few words. */
export function gapMeter(nowMs: () => number, during: () => string): GapMeter {
  let lastAnswerMs = 0;
  let gap: Longest = { ms: 0, during: '' };
  let slowest: Longest = { ms: 0, during: '' };
  return {
    start: () => { lastAnswerMs = nowMs(); },
    begin: () => {
      const beganMs = nowMs();
      return () => {
        const answeredMs = nowMs();
        gap = longer(gap, answeredMs - lastAnswerMs, during);
        slowest = longer(slowest, answeredMs - beganMs, during);
        lastAnswerMs = answeredMs;
      };
    },
    longestGap: () => gap,
    slowestWrite: () => slowest,
  };
}

function longer(before: Longest, ms: number, during: () => string): Longest {
  return ms > before.ms ? { ms, during: during() } : before;
}
