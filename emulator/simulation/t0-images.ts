import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { JobKind, JobState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { Block } from './block.js';
import type { DurableView } from './durable-view.js';
import { hexOf } from './hex.js';
import { faultsOf, type HostModel } from './host-model.js';
import type { Marks } from './marks.js';
import type { PossibleContent } from './possible-content.js';
import { RuleBroken } from './rules.js';
import type { AdminBody } from './sim-card.js';

/** What a T0 image may hold: whatever was there when T0 was asked for, and what was written until it was there. */
type T0Image = PossibleContent;

interface Asked {
  /** What was there when the operator asked. */
  readonly content: PossibleContent;
  readonly order: number;
  /** Where an export was to go that was asked for before the T0 was there. */
  exportPath: string | undefined;
}

interface SealedMedium {
  readonly path: string;
  readonly generation: bigint;
}

/**
 * Every T0 that was taken, by the root of the medium that carries it: a secondary that calls itself loaded, and has
 * met nobody yet, holds one of them and nothing else (rules 6 and 7).
 */
export class T0Images {
  readonly #byT0 = new Map<string, T0Image>();
  readonly #byRoot = new Map<string, T0Image>();
  readonly #sealed: SealedMedium[] = [];
  /** Commands that may still take a T0, the oldest first. */
  #asked: Asked[] = [];
  #t0Id = '';
  #image: T0Image | undefined;
  /** Where the export of each T0 was to go last. */
  readonly #exportPaths = new Map<string, string>();
  #loadId = '';
  /** What was found to hold a T0: there it needs no other look, whoever found it. */
  #right: { readonly image: T0Image | undefined; readonly blocks: Block[] } = { image: undefined, blocks: [] };

  /** @param known what is known already, to go on from apart. */
  constructor(
    private readonly primary: DurableView,
    private readonly secondary: DurableView,
    private readonly model: HostModel,
    private readonly marks: Marks,
    known?: T0Images,
  ) {
    if (known === undefined) return;
    for (const [id, image] of known.#byT0) this.#byT0.set(id, image);
    for (const [root, image] of known.#byRoot) this.#byRoot.set(root, image);
    this.#sealed.push(...known.#sealed);
    this.#asked = known.#asked.map((asked) => ({ ...asked }));
    this.#t0Id = known.#t0Id;
    this.#image = known.#image;
    for (const [id, path] of known.#exportPaths) this.#exportPaths.set(id, path);
    this.#loadId = known.#loadId;
    this.#right = known.#right;
  }

  /** Whether the primary holds a T0. */
  get current(): boolean {
    return this.#t0Id !== '';
  }

  /** Where the export of the current T0 goes, or went. */
  get exportPath(): string | undefined {
    return this.#exportPaths.get(this.#t0Id);
  }

  /** Sealed media of a generation. */
  sealedFor(generation: bigint): string[] {
    return this.#sealed.filter((medium) => medium.generation === generation).map(({ path }) => path);
  }

  /** A medium that another pair exported. */
  foreign(root: Uint8Array, content: PossibleContent): void {
    this.#byRoot.set(hexOf(root), content);
  }

  asked(request: AdminBody): void {
    if (request.case === 'flashCopyStart' || (request.case === 'establish' && request.value.flashCopy === true)) {
      const { model } = this;
      this.#asked.push({ content: model.contentNow(), order: model.order, exportPath: undefined });
    }
    if (request.case !== 'mediumExport' || request.value.path === undefined) return;
    if (this.current) this.#exportPaths.set(this.#t0Id, request.value.path);
    for (const asked of this.#asked) asked.exportPath = request.value.path;
  }

  /** No command is under way: whatever was asked for has been answered. */
  allAnswered(): void {
    this.#asked = [];
  }

  /**
   * Looks at what is durable now. At a cut of the primary: before the model settles on what the cut left.
   * @throws RuleBroken 7 when the secondary holds what no T0 held.
   */
  note(): void {
    this.noteCommit();
    this.#noteSealed();
    this.#checkLoaded();
  }

  /**
   * Rule 1 before the load, where T0 stands for the secondary: grains of the primary that hold something that T0 did
   * not, and no bit says so. Nothing is unflushed.
   */
  uncoveredGrains(): number[] {
    const { control, content, layout } = this.primary;
    if (control?.identity.role !== Role.PRIMARY || control.identity.generation === 0n || control.identity.loadId.length > 0) return [];
    const image = control.flashCopy?.generation === control.identity.generation ? this.#byT0.get(hexOf(control.flashCopy.t0Id)) : this.#byRoot.get(hexOf(control.identity.mediumRoot));
    if (image === undefined) return [];
    const uncovered: number[] = [];
    for (let grain = 0; grain < layout.grains; grain += 1) {
      if (this.primary.isDirty(grain)) continue;
      const end = this.primary.endBlockOf(grain);
      let block = this.primary.firstBlockOf(grain);
      while (block < end && image.admits(block, content.block(block).markAt(block))) block += 1;
      if (block < end) uncovered.push(grain);
    }
    return uncovered;
  }

  /** The primary's control block has changed: a T0 may come and go between two looks. */
  noteCommit(): void {
    this.#noteT0();
    const root = hexOf(this.primary.control?.identity.mediumRoot);
    // Recorded while its T0 is there.
    if (root !== '' && this.#image !== undefined && !this.#byRoot.has(root)) this.#byRoot.set(root, this.#image);
  }

  #noteT0(): void {
    const t0Id = hexOf(this.primary.control?.flashCopy?.t0Id);
    if (t0Id === this.#t0Id) return;
    this.#t0Id = t0Id;
    if (t0Id === '') return;
    // Where a cut takes the newer control block away, the older one brings its T0 back.
    const known = this.#byT0.get(t0Id);
    if (known !== undefined) {
      this.#image = known;
      return;
    }
    // Whichever of them took it: what was there since the oldest was asked for covers it.
    const asked = this.#asked.shift();
    if (asked === undefined) throw new Error('a T0 that nobody asked for');
    this.#image = asked.content.copy();
    for (const block of this.model.blocksSince(asked.order)) this.#image.set(block, [...asked.content.at(block), ...this.model.since(asked.order, block)]);
    this.#byT0.set(t0Id, this.#image);
    if (asked.exportPath !== undefined) this.#exportPaths.set(t0Id, asked.exportPath);
  }

  #noteSealed(): void {
    const { control } = this.primary;
    const job = this.primary.card.components?.jobs.status;
    if (control === undefined || job?.kind !== JobKind.EXPORT || job.state !== JobState.SUCCEEDED) return;
    if (this.#sealed.some(({ path }) => path === job.path)) return;
    this.#sealed.push({ path: job.path, generation: control.identity.generation });
    this.marks.reached('medium sealed');
  }

  #checkLoaded(): void {
    const control = this.secondary.control;
    if (control?.identity.role !== Role.SECONDARY || control.loadState !== LoadState.LOADED) return;
    if (control.met || control.access || control.forkId !== 0n || !control.consistent) return;
    const loadId = hexOf(control.identity.loadId);
    if (loadId !== this.#loadId) this.marks.reached('medium loaded');
    this.#loadId = loadId;
    const image = this.#byRoot.get(hexOf(control.identity.mediumRoot));
    if (image === undefined) throw new RuleBroken(7, 'state', 'the secondary is loaded from a medium whose root the primary never recorded');
    const spared = (block: number): boolean => this.secondary.isWrittenDamaged(this.secondary.grainOf(block));
    const suspects: number[] = [];
    if (this.#right.image !== image) this.#right = { image, blocks: [] };
    const { blocks } = this.#right;
    const { content } = this.secondary;
    content.differing(blocks, (block) => { suspects.push(block); });
    const faults = faultsOf(content.block, suspects, image.at, spared);
    if (faults.length > 0) throw new RuleBroken(7, 'data', `the secondary is loaded, and its ${faults.join('; ')}`);
    for (const block of suspects) if (!spared(block)) blocks[block] = content.block(block);
  }
}
