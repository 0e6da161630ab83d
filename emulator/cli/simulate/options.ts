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
}
