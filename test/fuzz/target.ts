/**
 * What is fed to a decoder: byte strings, of which each target says what they mean. Most have a message or a frame
 * each, so that a change of one leaves the others whole.
 */
export type Input = readonly Uint8Array[];

/** How a decoder took it; what follows the first word tells kinds apart. */
export type Outcome = `accepted${string}` | `refused${string}`;

/** A decoder under test. */
export interface Target {
  readonly name: string;
  /** Inputs that the product's own encoders made: what the first changes are made of. */
  seeds(): Input[];
  /**
   * Decodes, and checks what was made of it: a function of the input alone. It returns where the decoder took the
   * input, or refused it as it says it would; whatever it throws is a finding.
   */
  run(input: Input): Outcome;
  /** What one run may take beyond what it was given; a run that takes more did not look at a limit first. */
  readonly memoryBytes?: number;
}

/** The decoder did what it should not have done. */
export class Finding extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Finding';
  }
}

export function must(isSo: boolean, message: string): asserts isSo {
  if (!isSo) throw new Finding(message);
}
