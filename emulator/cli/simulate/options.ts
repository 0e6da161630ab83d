import type { Faults } from './fault-options.js';
import type { SeedRange } from './messages.js';

/** What the command line says. */
export interface SimulateOptions {
  readonly seeds: SeedRange;
  readonly jobs: number;
  readonly faults: Faults;
  readonly dataOnly?: boolean;
  readonly keepGoing?: boolean;
  readonly brief?: boolean;
  /** How often each has to be reached. */
  readonly requireMarks?: number;
  readonly trace?: string;
  readonly results?: string;
  readonly exhaustive?: boolean;
  /** Length of the longest sequences. */
  readonly operations?: number;
  readonly states?: number;
  /** A name, as the user gave it. */
  readonly cuts?: string;
  /** Names, as the user gave them. */
  readonly from?: string;
  readonly sequence?: string;
}
