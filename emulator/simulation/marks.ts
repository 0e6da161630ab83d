import type { CardComponents } from '../../firmware/components.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { JobKind, JobState, RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { SimCard } from './sim-card.js';

/** How often something rare was reached: a path that no seed takes is a path that nothing was proven of. */
export type MarkCounts = Readonly<Record<string, number>>;

/** Frames by which a secondary says that something is durable there. */
const ACKNOWLEDGEMENTS: ReadonlySet<string> = new Set(['mirrorDone', 'barrierDone']);

/** Counts what a scenario reached. */
export class Marks {
  readonly #counts = new Map<string, number>();
  /** Of each card: what was counted of it last, so that it counts once as long as it lasts. */
  readonly #refusals = new Map<SimCard, string>();
  readonly #jobs = new Map<SimCard, string>();

  get counts(): MarkCounts {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  reached(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** The firmware traces something. */
  traced(name: string, detail: string): void {
    if (name === 'late frame dropped') this.reached(ACKNOWLEDGEMENTS.has(detail) ? 'late acknowledgement dropped' : 'late frame dropped');
    // Chunk 0: nothing of it was durable.
    if (detail.startsWith('resumes at chunk') && !detail.endsWith(' 0')) this.reached(`${name} resumed`);
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
    if (flashCopyStatus !== Status.UNSPECIFIED) this.reached(`T0 ended: ${Status[flashCopyStatus]}`);
  }

  /** What the cards say of themselves. */
  note(cards: readonly SimCard[]): void {
    for (const card of cards) {
      const { components } = card;
      if (components === undefined) continue;
      this.#once(this.#refusals, card, refusalOf(components));
      this.#once(this.#jobs, card, failureOf(components));
    }
  }

  #once(last: Map<SimCard, string>, card: SimCard, name: string): void {
    if (name !== '' && name !== last.get(card)) this.reached(name);
    last.set(card, name);
  }
}

/** Why the secondary is not let in. */
function refusalOf({ requester }: CardComponents): string {
  return requester.state === 'refused' ? `refused: ${Status[requester.lastEnd?.status ?? Status.UNSPECIFIED]}` : '';
}

/** Why an export or a load has failed, which is another one for each medium. */
function failureOf({ jobs: { status: job } }: CardComponents): string {
  return job?.state === JobState.FAILED ? `${JobKind[job.kind]} failed: ${Status[job.status]}` : '';
}

/** Adds the counts of many scenarios up. */
export function addCounts(sums: Map<string, number>, counts: MarkCounts): void {
  for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
}
