import { faultsText, line } from './tally.js';
import type { TorturedPair } from './tortured-pair.js';

/** How a torture ended. */
export interface TortureResult {
  readonly pair: TorturedPair;
  readonly seed: number;
  readonly minutes: number;
  readonly outcome: 'held' | 'failed' | 'interrupted';
  /** Where what a failure left is kept. */
  readonly directory?: string;
}

const OUTCOMES = {
  held: 'all held',
  failed: 'FAILED',
  interrupted: 'interrupted; nothing had failed',
} as const;

export function resultJson({ pair, seed, minutes, outcome, directory }: TortureResult): object {
  const { acknowledged, lost } = pair.host.counts;
  return {
    seed,
    minutes,
    outcome,
    acknowledgedCommands: acknowledged,
    unansweredCommands: lost,
    ...pair.tally.json,
    linkFrames: pair.proxy.frames,
    linkFaults: Object.fromEntries(pair.proxy.counts),
    ...(directory === undefined ? {} : { directory }),
  };
}

export function resultText({ pair, seed, minutes, outcome, directory }: TortureResult): string {
  const { acknowledged, lost } = pair.host.counts;
  return [
    `torture: ${OUTCOMES[outcome]}, after ${minutes.toFixed(1)} minutes, seed ${String(seed)}`,
    line(acknowledged, 'host commands acknowledged'),
    line(lost, 'host commands that a kill left without an answer'),
    pair.tally.text,
    line(pair.proxy.frames, 'frames on the link'),
    faultsText(pair.proxy.counts),
    ...(directory === undefined ? [] : [`kept in ${directory}`]),
    '',
  ].join('\n');
}
