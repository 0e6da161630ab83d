import { FirmwareFault } from '../../firmware/kernel/event-loop.js';

/**
 * What a judge goes by:
 * - `rules`: whatever a rule asks for, bits and labels included.
 * - `data`: only what hosts can see, wrong data. So it is shown that a rule is needed, not merely kept.
 */
export type Judge = 'rules' | 'data';

/** Says that a rule is broken. Returns where the judge does not count it: a run goes on then, and may come to wrong data. */
export type Complain = (rule: number, seenIn: RuleBroken['seenIn'], detail: string) => void;

export function complaintsTo(judge: Judge): Complain {
  return (rule, seenIn, detail) => {
    if (judge === 'rules' || seenIn === 'data') throw new RuleBroken(rule, seenIn, detail);
  };
}

/** A rule of docs/invariants.md was seen broken. */
export class RuleBroken extends Error {
  /**
   * @param rule its number.
   * @param seenIn wrong data, or anything else that the rule asks for.
   */
  constructor(
    readonly rule: number,
    readonly seenIn: 'data' | 'state',
    detail: string,
  ) {
    super(`rule ${String(rule)}: ${detail}`);
    this.name = 'RuleBroken';
  }
}

/** Which rule a simulation broke, none when the firmware stopped itself or the simulator failed, and what is to be said of it. */
export function reasonOf(error: unknown): { readonly rule: number | undefined; readonly message: string } {
  if (error instanceof RuleBroken) return { rule: error.rule, message: error.message };
  if (error instanceof FirmwareFault) return { rule: undefined, message: error.message };
  return { rule: undefined, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
