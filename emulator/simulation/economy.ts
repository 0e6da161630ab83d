import { BLOCK_BYTES } from '../../firmware/limits.js';
import type { ChangedGrains } from './changed-grains.js';
import type { DurableView } from './durable-view.js';
import { GrainSet } from './grain-set.js';
import type { HostModel } from './host-model.js';
import type { Marks } from './marks.js';
import type { Complain } from './rules.js';

/** A synchronization that began while no host waited for an answer. */
interface Quiet {
  /** As the primary announces them. */
  readonly announced: number;
  /**
   * On the primary, where the union is durable by now (rule 16): as many, or more where NVRAM failed to clear a bit. Where
   * it failed to set one, the grain is out-of-sync for the firmware alone, and nothing was written to it.
   */
  readonly outOfSync: GrainSet;
  readonly order: number;
  readonly dataBytes: Map<number, number>;
  readonly marked: GrainSet;
  /** A grain for which more than one marker came, or one that is none. */
  markedAmiss: number | undefined;
}

/** Rule 17: with quiet hosts a synchronization sends what is out-of-sync, once, and nothing else. */
export class Economy {
  #quiet: Quiet | undefined;
  /** Before the secondary asks: what may become out-of-sync by that, as long as no host asks for anything. */
  #before: { readonly grains: number; readonly order: number } | undefined;

  constructor(
    private readonly primary: DurableView,
    private readonly secondary: DurableView,
    private readonly model: HostModel,
    private readonly changed: ChangedGrains,
    private readonly marks: Marks,
    private readonly complain: Complain,
  ) {}

  /** The secondary is about to ask for what it holds dirty, and for everything only where it has nothing (rule 15). */
  asks(hostsUnderWay: number): void {
    const control = this.secondary.control;
    const everything = control === undefined || (control.allDirty && !control.suppressed);
    if (everything) this.changed.everything();
    const grains = everything ? this.primary.layout.grains : outOfSyncOf(this.primary, this.secondary).size;
    this.#before = hostsUnderWay === 0 ? { grains, order: this.model.order } : undefined;
  }

  begins(announced: number, hostsUnderWay: number): void {
    const before = this.#before;
    this.#before = undefined;
    this.#quiet = undefined;
    if (announced > this.changed.size) {
      this.complain(17, 'state', `${String(announced)} grains are to be sent, and hosts and damage can have changed ${String(this.changed.size)} at most`);
    }
    if (hostsUnderWay > 0) return;
    if (before?.order === this.model.order && announced > before.grains) {
      this.complain(17, 'state', `${String(announced)} grains are to be sent, and ${String(before.grains)} were out-of-sync on either side`);
    }
    const outOfSync = outOfSyncOf(this.primary);
    this.#quiet = { announced, outOfSync, order: this.model.order, dataBytes: new Map(), marked: new GrainSet(this.primary.layout.grains), markedAmiss: undefined };
  }

  data(offsetBytes: number, lengthBytes: number): void {
    const { primary } = this;
    for (let at = offsetBytes; at < offsetBytes + lengthBytes; ) {
      const grain = primary.grainOf(at / BLOCK_BYTES);
      // What lies past the volume's end is nobody's, and has to be got over all the same.
      const end = Math.min(offsetBytes + lengthBytes, Math.max(at + BLOCK_BYTES, primary.endBlockOf(grain) * BLOCK_BYTES));
      add(this.#quiet?.dataBytes, grain, end - at);
      at = end;
    }
  }

  marker(firstGrain: number, grains: number): void {
    const quiet = this.#quiet;
    if (quiet === undefined) return;
    for (let grain = firstGrain; grain < firstGrain + grains; grain += 1) if (!quiet.marked.add(grain)) quiet.markedAmiss ??= grain;
  }

  /** The primary says that nothing is out-of-sync. */
  ends(hostsUnderWay: number): void {
    const quiet = this.#quiet;
    this.#quiet = undefined;
    if (quiet === undefined || hostsUnderWay > 0 || this.model.order !== quiet.order) return;
    if (quiet.announced > 0) this.marks.reached('synchronization with quiet hosts');
    if (quiet.marked.size > 0) this.marks.reached('markers for grains never written');
    const fault = this.#fault(quiet);
    if (fault !== undefined) this.complain(17, 'state', fault);
  }

  #fault({ announced, outOfSync, dataBytes, marked, markedAmiss }: Quiet): string | undefined {
    for (const [grain, bytes] of dataBytes) {
      if (!outOfSync.has(grain)) return `grain ${String(grain)} was sent, and was not out-of-sync`;
      if (bytes !== this.primary.lengthBytesOf(grain)) return `of grain ${String(grain)} ${String(bytes)} bytes were sent`;
      if (!this.primary.isWritten(grain)) return `grain ${String(grain)} was never written, and travelled as data`;
      if (marked.has(grain)) return `grain ${String(grain)} was sent more than once`;
    }
    if (markedAmiss !== undefined) return `a marker for grain ${String(markedAmiss)} was sent more than once, or there is no such grain`;
    const needless = marked.firstNotIn(outOfSync);
    if (needless !== undefined) return `a marker for grain ${String(needless)} was sent, which was not out-of-sync`;
    const sent = dataBytes.size + marked.size;
    return sent === announced ? undefined : `${String(announced)} grains were out-of-sync, and ${String(sent)} were sent`;
  }
}

/** What is durably so on any of these cards, and what is so for its firmware alone. */
function outOfSyncOf(...views: readonly DurableView[]): GrainSet {
  const outOfSync = new GrainSet(views[0]?.layout.grains ?? 0);
  const { grains, bytes } = outOfSync;
  for (const view of views) {
    for (let first = 0; first < grains; first += 8) outOfSync.addOfEight(first, view.dirtyOfEight(first));
    const tracking = view.card.components?.tracking;
    for (let grain = tracking?.nextOutOfSync(0) ?? grains; grain < grains; ) {
      outOfSync.add(grain);
      // Where all eight are, nothing can be added.
      const next = bytes[grain >>> 3] === 0xff ? (grain | 7) + 1 : grain + 1;
      grain = tracking?.nextOutOfSync(next) ?? grains;
    }
  }
  return outOfSync;
}

function add(counts: Map<number, number> | undefined, key: number, amount: number): void {
  counts?.set(key, (counts.get(key) ?? 0) + amount);
}
