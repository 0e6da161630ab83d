import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { SimCard } from './sim-card.js';

/** How often something rare was reached: a path that no seed takes is a path that nothing was proven of. */
export type MarkCounts = Readonly<Record<string, number>>;

/** Counts what a scenario reached. */
export class Marks {
  readonly #counts = new Map<string, number>();
  #lastRefusal = '';

  get counts(): MarkCounts {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  reached(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** A card has come up: what its recovery found. */
  cameUp(card: SimCard): void {
    for (const { status, detail } of card.components?.core.state.findings ?? []) {
      const lost = detail.includes('superblock took over');
      this.reached(lost ? 'boot with both control blocks lost' : `boot with ${Status[status]}`);
    }
  }

  /** A card is about to lose power, or the scenario is over. */
  goesDown(card: SimCard, cut: boolean): void {
    const { components } = card;
    if (components === undefined) {
      if (cut) this.reached(`cut of ${card.name} while it recovers`);
      return;
    }
    const { state, flashCopyStatus } = card.status();
    if (cut) this.reached(`cut of ${card.name} while ${RelationshipState[state]}`);
    if (components.lateFrames > 0) this.reached('late frames dropped');
    if (flashCopyStatus !== Status.UNSPECIFIED) this.reached(`T0 ended: ${Status[flashCopyStatus]}`);
  }

  /** Why the secondary is not let in. */
  refusal(secondary: SimCard): void {
    const { components } = secondary;
    if (components === undefined) return;
    const name = components.requester.state === 'refused' ? Status[secondary.status().linkStatus] : '';
    if (name !== '' && name !== this.#lastRefusal) this.reached(`refused: ${name}`);
    this.#lastRefusal = name;
  }
}

/** Adds the counts of many scenarios up. */
export function addCounts(sums: Map<string, number>, counts: MarkCounts): void {
  for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
}
