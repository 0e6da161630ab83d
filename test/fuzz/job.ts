/** What a worker is to do. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly forMs: number;
  /** Whether what was found to be worth keeping becomes the corpus. */
  readonly keep: boolean;
  readonly findings: string;
  /** Where the worker puts the input that it runs, behind its length. */
  readonly current: SharedArrayBuffer;
}

/** How far it is; sent again and again, and once in the end. */
export interface Progress {
  readonly runs: number;
  readonly inputs: number;
  readonly outcomes: readonly string[];
  readonly characters: number;
  readonly charactersAtStart: number;
  /** Findings, each with its file. */
  readonly findings: readonly { readonly path: string; readonly text: string }[];
  readonly done: boolean;
}

/** Before the current input stand how many there were, and its length. */
export const CURRENT_HEAD_BYTES = 8;
