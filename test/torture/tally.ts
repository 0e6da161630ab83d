import type { LinkFault } from './link-faults.js';

/** What is counted, in the order in which it is told. */
const COUNTED = {
  killsPrimary: 'kills of the primary',
  killsSecondary: 'kills of the secondary',
  killsRecovering: 'of these while recovering',
  haltsPrimary: 'SIGSTOPs of the primary',
  haltsSecondary: 'SIGSTOPs of the secondary',
  restarts: 'clean restarts',
  establishments: 'establishments',
  t0s: 'T0s taken',
  media: 'media sealed',
  loads: 'loads that held T0',
  conventional: 'conventional connections',
  synchronizations: 'synchronizations',
  forks: 'times hosts wrote to the secondary',
  consistent: 'consistent secondaries read whole',
  stops: 'stops and disconnections',
  refusals: 'commands refused',
  rejections: 'secondaries that the primary refused (rule 8)',
  checks: 'primaries read whole before hosts went on',
  comparisons: 'times both volumes were compared, and the same',
  found: 'damage found at boot',
} as const;

export type Counted = keyof typeof COUNTED;

/** Counts what happened. */
export class Tally {
  readonly #counts = new Map<Counted, number>();

  of(what: Counted): number {
    return this.#counts.get(what) ?? 0;
  }

  count(what: Counted, times = 1): void {
    this.#counts.set(what, this.of(what) + times);
  }

  /** All of it, for programs. */
  get json(): Record<Counted, number> {
    return Object.fromEntries(Object.keys(COUNTED).map((what) => [what, this.of(what as Counted)])) as Record<Counted, number>;
  }

  get text(): string {
    return Object.entries(COUNTED).map(([what, name]) => line(this.of(what as Counted), name)).join('\n');
  }

  /** In one line, for whoever waits. */
  get brief(): string {
    const { killsPrimary, killsSecondary, haltsPrimary, haltsSecondary, synchronizations, loads, forks } = this.json;
    return `kills ${String(killsPrimary)}+${String(killsSecondary)}, SIGSTOPs ${String(haltsPrimary + haltsSecondary)}, loads ${String(loads)}, synchronized ${String(synchronizations)}, forks ${String(forks)}`;
  }
}

export function faultsText(counts: ReadonlyMap<LinkFault, number>): string {
  return [...counts].sort().map(([fault, count]) => line(count, `link: ${fault}`)).join('\n');
}

export function line(count: number, name: string): string {
  return `${String(count).padStart(10)}  ${name}`;
}
