import type { Step } from './scenario.js';

/** Runs of a scenario that shrinking may cost. */
const MOST_TRIES = 400;

/**
 * Leaves out steps as long as the rest still fails: halves first, then smaller and smaller parts (Zeller's ddmin).
 * @param fails runs a scenario, and says whether it fails in the same way.
 */
export function shrink(steps: readonly Step[], fails: (steps: readonly Step[]) => boolean): readonly Step[] {
  let kept = steps;
  let tries = 0;
  for (let part = Math.ceil(kept.length / 2); part >= 1; ) {
    const before = kept.length;
    for (let from = 0; from < kept.length && tries < MOST_TRIES; ) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + part)];
      tries += 1;
      if (fails(rest)) kept = rest;
      else from += part;
    }
    // Where one step has gone another may, that had to stay before.
    if (part > 1) part = Math.ceil(part / 2);
    else if (kept.length === before) break;
  }
  return kept;
}
