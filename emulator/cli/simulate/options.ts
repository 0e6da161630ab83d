import type { SeedRange } from './messages.js';

/** What the command line says. */
export interface SimulateOptions {
  readonly seeds: SeedRange;
  readonly jobs: number;
  readonly faults: string;
  readonly dataOnly?: boolean;
  readonly keepGoing?: boolean;
  readonly brief?: boolean;
  readonly requireMarks?: boolean;
  readonly trace?: string;
  readonly results?: string;
  readonly exhaustive?: boolean;
  /** Length of the longest sequences. */
  readonly operations?: number;
  readonly states?: number;
  /** Names, as the user gave them. */
  readonly from?: string;
  readonly sequence?: string;
}
