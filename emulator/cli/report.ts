/** What a verb found or did: the same for programs and for people. */
export interface Report {
  readonly json: object;
  /** Whole lines. */
  readonly text: string;
}
