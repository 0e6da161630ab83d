import { FAULT_SETS, type FaultOptions } from '../../simulation/faults.js';
import { UsageError } from '../errors.js';

/** What a user asked to go wrong. */
export interface Faults {
  /** As it is asked for again: the set, and each probability that is not the set's. */
  readonly text: string;
  readonly options: FaultOptions;
}

/** Probabilities by the names that the command line has for them. */
const PROBABILITIES = {
  'disk-error': 'diskError',
  'nvram-error': 'nvramError',
  slow: 'slow',
  'frame-lost': 'frameLost',
  'frame-twice': 'frameTwice',
  'frame-late': 'frameLate',
  'line-damaged': 'lineDamaged',
  'block-kept': 'blockKept',
} as const satisfies Record<string, keyof FaultOptions>;

const isProbability = (name: string): name is keyof typeof PROBABILITIES => Object.hasOwn(PROBABILITIES, name);

/** @param text a set, and probabilities in place of its own, as in "link,frame-lost=0.01". @throws UsageError */
export function faultsOf(text: string): Faults {
  const [set = '', ...changes] = text.split(',');
  const options = Object.hasOwn(FAULT_SETS, set) ? FAULT_SETS[set] : undefined;
  if (options === undefined) throw new UsageError(`--faults: "${set}" is none of ${Object.keys(FAULT_SETS).join(', ')}.`);
  const changed = new Map(changes.map(changeOf));
  if (changed.size < changes.length) throw new UsageError(`--faults: "${text}" names a probability twice.`);
  const names = [...changed.keys()].sort();
  return {
    text: [set, ...names.map((name) => `${name}=${String(changed.get(name))}`)].join(','),
    options: { ...options, ...Object.fromEntries(names.map((name) => [PROBABILITIES[name], changed.get(name)])) },
  };
}

function changeOf(text: string): [keyof typeof PROBABILITIES, number] {
  const [, name = '', value = ''] = /^(.*?)=(.*)$/.exec(text) ?? [];
  if (!isProbability(name)) throw new UsageError(`--faults: "${text}" is no probability as in frame-lost=0.01; there are ${Object.keys(PROBABILITIES).join(', ')}.`);
  if (!/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/.test(value)) throw new UsageError(`--faults: "${value}" for ${name} is not a number from 0 to 1, as in 0.01.`);
  return [name, Number(value)];
}
