/** What a card should not send. Counted and otherwise ignored: it never settles a command of a caller. */
export interface Anomalies {
  /** Frames that are no `CardFrame`, or have no place in the conversation. */
  unexpectedFrames: number;
  /** Completions of commands not in flight: doubled, late, or made up. */
  unknownCompletions: number;
  /** Completions whose phase bit is not the one that was due. */
  outOfPhase: number;
  /** Submission queue heads beyond the tail. */
  impossibleHeads: number;
}

export function noAnomalies(): Anomalies {
  return { unexpectedFrames: 0, unknownCompletions: 0, outOfPhase: 0, impossibleHeads: 0 };
}
