import { fromBinary } from '@bufbuild/protobuf';
import type { CardComponents } from '../../firmware/components.js';
import { LinkFrameSchema } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { AdmissionWatch } from './admission-watch.js';
import { AnswerTime } from './answer-time.js';
import type { FatesOf } from './card-image.js';
import { ChangedGrains } from './changed-grains.js';
import { judgeSuccess } from './command-watch.js';
import { ControlHistory } from './control-history.js';
import { DurableView, uncoveredGrains } from './durable-view.js';
import type { ModelWrite } from './host-model.js';
import { SimHosts } from './hosts.js';
import { LabelWatch } from './label-watch.js';
import { LineWatch } from './line-watch.js';
import { Marks } from './marks.js';
import { OneWriter } from './one-writer.js';
import type { Operation } from './power.js';
import { RecoveryWatch } from './recovery-watch.js';
import { type Complain, complaintsTo, type Judge } from './rules.js';
import { FIRST_MARK_OF_SECONDARY, SecondaryReads } from './secondary-reads.js';
import { SessionCounters } from './session-counters.js';
import type { AdminBody, SimCard } from './sim-card.js';
import { T0Damage } from './t0-damage.js';
import { T0Images } from './t0-images.js';
import { VolumeWatch } from './volume-watch.js';
import type { World } from './world.js';

/** Looks at a pair from outside: at what is durable, what hosts were told, and nothing else. */
export class PairWatch {
  readonly primary: DurableView;
  readonly secondary: DurableView;
  readonly hosts: SimHosts;
  /** Hosts of the secondary, which may write while it has access. */
  readonly otherHosts: SimHosts;
  /** And what they read there while it has none. */
  readonly secondaryReads: SecondaryReads;
  readonly oneWriter: OneWriter;
  readonly volumes: VolumeWatch;
  readonly images: T0Images;
  readonly marks = new Marks();
  readonly #line: LineWatch;
  readonly #label: LabelWatch;
  readonly #counters: SessionCounters;
  readonly #t0Damage: T0Damage;
  readonly #answerTime: AnswerTime;
  readonly #otherAnswerTime: AnswerTime;
  readonly #changed: ChangedGrains;
  readonly #admission: AdmissionWatch;
  readonly #primaryRecovery: RecoveryWatch;
  readonly #secondaryRecovery: RecoveryWatch;
  /** Of the cards of which somebody may ask. */
  readonly #histories = new Map<SimCard, ControlHistory>();
  readonly #complain: Complain;

  /** The last that the primary had. */
  #generation = 0n;
  readonly #up = new Map<SimCard, CardComponents>();

  /** @param known what is known already, to go on from apart. */
  constructor(
    private readonly world: World,
    private readonly judge: Judge,
    firstMark: number,
    known?: PairWatch,
  ) {
    this.#complain = complaintsTo(judge);
    this.primary = new DurableView(world.primary);
    this.secondary = new DurableView(world.secondary);
    this.hosts = new SimHosts(world.primary, firstMark, this.#complain, known?.hosts);
    this.#answerTime = new AnswerTime(this.hosts, this.#complain);
    this.otherHosts = new SimHosts(world.secondary, FIRST_MARK_OF_SECONDARY, this.#complainWithAccess, known?.otherHosts);
    this.#otherAnswerTime = new AnswerTime(this.otherHosts, this.#complain);
    this.#changed = new ChangedGrains(this.primary, this.secondary);
    for (const hosts of [this.hosts, this.otherHosts]) hosts.onChange = this.#changedBy;
    this.#admission = new AdmissionWatch(this.primary, this.secondary, this.#complain);
    this.#primaryRecovery = new RecoveryWatch(this.primary, this.#complain);
    this.#secondaryRecovery = new RecoveryWatch(this.secondary, this.#complain);
    this.oneWriter = new OneWriter(this.secondary, this.otherHosts, this.#complain);
    this.#line = new LineWatch(this.primary, this.secondary, this.hosts.model, this.#changed, this.marks, this.#complain);
    this.#label = new LabelWatch(this.secondary, this.#complain);
    this.#t0Damage = new T0Damage(this.primary, this.#complain);
    this.secondaryReads = new SecondaryReads(this.secondary, this.hosts, this.#line, () => this.inLockstep, this.#complain);
    this.volumes = new VolumeWatch(this.primary, this.secondary, this.hosts, this.otherHosts, this.secondaryReads, this.oneWriter, this.marks, this.#complain);
    this.#counters = new SessionCounters(this.primary, this.secondary, this.#complain);
    if (known !== undefined) {
      this.#line.recall(known.#line);
      this.#label.recall(known.#label);
      this.#changed.recall(known.#changed);
      this.#generation = known.#generation;
      this.#primaryRecovery.recall(known.#primaryRecovery);
      this.#secondaryRecovery.recall(known.#secondaryRecovery);
      this.volumes.recall(known.volumes);
    }
    this.images = new T0Images(this.primary, this.secondary, this.hosts.model, this.marks, known?.images);
    world.primary.power.observer = this.#primaryEffect;
    world.secondary.power.observer = this.#secondaryEffect;
    for (const card of world.cards) card.onTrace = this.#traced;
    world.link.observer = this.#frame;
  }

  readonly #primaryEffect = ({ part, kind, offsetBytes: at }: Operation): void => {
    if (part === 'nvram' && kind === 'recovered') {
      this.#primaryRecovery.recovered();
      // A fresh one that it took because it has lost the map is no establishment.
      this.#generation = this.primary.control?.identity.generation ?? 0n;
    }
    const { offsetBytes, lengthBytes } = this.primary.layout.controlBlocks[1];
    if (part !== 'nvram' || kind !== 'persist' || at >= offsetBytes + lengthBytes) return;
    this.#noteGeneration();
    this.images.noteCommit();
    this.#histories.get(this.world.primary)?.persisted(at);
  };

  #noteGeneration(): void {
    const recovery = this.#primaryRecovery;
    const generation = this.primary.control?.identity.generation ?? 0n;
    // The former may come back, where a part failed under a dissolution (seed 13491).
    if (generation !== 0n && generation !== this.#generation) {
      if (!recovery.hasLostIdentity) this.#changed.established(this.#changesUnderWay);
      this.#generation = generation;
    }
    recovery.committed();
  }

  /** Of hosts of both cards. */
  get #changesUnderWay(): ModelWrite[] {
    return [...this.hosts.changesUnderWay, ...this.otherHosts.changesUnderWay];
  }

  readonly #secondaryEffect = ({ part, kind, offsetBytes: at }: Operation): void => {
    if (part === 'nvram' && kind === 'recovered') {
      this.#label.changed();
      this.#secondaryRecovery.recovered();
    }
    if (part === 'nvram' && kind === 'persist') {
      this.#histories.get(this.world.secondary)?.persisted(at);
      this.#label.changed();
    }
    if (part === 'volume' && (kind === 'write' || kind === 'zero')) this.#line.secondaryWrote();
  };

  readonly #changedBy = (write: ModelWrite): void => { this.#changed.asked(write); };

  readonly #traced = (name: string, detail: string): void => { this.marks.traced(name, detail); };

  readonly #frame = (from: string, bytes: Uint8Array): void => {
    const frame = fromBinary(LinkFrameSchema, bytes);
    this.#admission.frame(from, frame);
    // Before that frame the primary does not mirror.
    if (frame.body.case === 'accept') this.#changed.opened(this.#changesUnderWay);
    this.#line.frame(from, frame, this.hosts.underWay);
  };

  /** Rules 4 and 16: as long as it has access, hosts of the secondary are served as those of a primary. */
  readonly #complainWithAccess: Complain = (rule, seenIn, detail) => {
    if (this.volumes.servesAsOwn) this.#complain(rule, seenIn, detail);
  };

  /** Both cards call the pair synchronized. */
  get inLockstep(): boolean {
    const { primary, secondary } = this.world;
    const phases = [primary.components?.primary.session?.phase, secondary.components?.requester.session?.phase];
    return phases.every((phase) => phase === 'synchronized') && primary.components?.tracking.outOfSyncCount === 0;
  }

  viewOf(card: SimCard): DurableView {
    return card === this.world.primary ? this.primary : this.secondary;
  }

  /** From now on remembers what NVRAM held before: some of it may come to hold it again. */
  rememberNvram(): void {
    for (const card of this.world.cards) {
      this.#histories.set(card, new ControlHistory(this.viewOf(card)));
      card.nvram.content.rememberUnflushed();
    }
  }

  /** What the control blocks of a card held before, as far as they are remembered. */
  historyOf(card: SimCard): ControlHistory | undefined {
    return this.#histories.get(card);
  }

  /** An operator gives a command. */
  asked(card: SimCard, request: AdminBody): void {
    if (card === this.world.primary) {
      this.images.asked(request);
      return;
    }
    this.oneWriter.asked();
    // One that is half-copied is all dirty before it is emptied, and stays so should it then fail.
    if (request.case === 'dissolve' && this.secondary.control?.consistent !== true) this.#changed.everything();
  }

  /** It was answered that it has happened, and the card had no other command meanwhile. */
  succeeded(card: SimCard, request: AdminBody): void {
    judgeSuccess(request, this.viewOf(card), this.#complain);
    if (card === this.world.secondary) this.oneWriter.succeeded(request);
  }

  /** Takes notice of what has happened, and checks what must hold at every instant. */
  note(): void {
    this.hosts.note();
    this.#answerTime.note();
    if (this.volumes.secondaryHasAccess) {
      this.otherHosts.note();
      this.#otherAnswerTime.note();
    }
    this.secondaryReads.note();
    this.#line.note();
    this.images.note();
    for (const card of this.world.cards) this.#noteUp(card);
    this.marks.note(this.world.cards);
    this.#label.note();
    this.#counters.note();
    this.#t0Damage.note();
    this.oneWriter.note();
    this.cover();
  }

  #noteUp(card: SimCard): void {
    const { components } = card;
    if (components === undefined || this.#up.get(card) === components) return;
    this.#up.set(card, components);
    this.marks.cameUp(card);
  }

  /** Cuts a card's power, and checks what that leaves. @param keepsLine see {@link SimNvram.cut} */
  cut(card: SimCard, silent: boolean, fatesOf?: FatesOf, keepsLine?: (line: number) => boolean): void {
    const hosts = card === this.world.primary ? this.hosts : this.otherHosts;
    hosts.note();
    this.marks.goesDown(card, true);
    if (card === this.world.secondary) this.#label.goesDown();
    this.#recoveryOf(card).goesDown();
    card.cut(silent, fatesOf, keepsLine);
    hosts.note();
    hosts.forget();
    this.afterCut(card);
  }

  /** Checks what a cut of a card's power has left. */
  afterCut(card: SimCard): void {
    this.#wentDown(card, true);
    this.cover();
    this.images.note();
    if (card === this.world.primary) {
      this.#t0Damage.look();
      const grains = this.images.uncoveredGrains();
      if (grains.length > 0) this.#complain(1, 'state', `grains ${grains.slice(0, 8).join(', ')} hold what T0 did not, and no bit says so`);
      this.volumes.primaryCut();
    } else {
      this.secondaryReads.note();
      this.secondaryReads.forget();
      this.#line.note();
      this.#label.changed();
      this.oneWriter.forget();
      this.volumes.secondaryCut();
      this.volumes.consistent();
    }
  }

  /**
   * NVRAM of a card that is off was damaged: grains that were never written may read as what the disk held before
   * (rules 14 and 19), so what is there now is what there is.
   */
  settle(card: SimCard): void {
    this.#wentDown(card, false);
    if (card === this.world.primary) this.#t0Damage.look();
    const hosts = card === this.world.primary ? this.hosts : this.otherHosts;
    hosts.model.settleOn(this.viewOf(card).content);
    hosts.order.forget();
  }

  /** @param byCut alone: nothing else has befallen its NVRAM. */
  #wentDown(card: SimCard, byCut: boolean): void {
    this.#changed.damaged(this.viewOf(card));
    this.#recoveryOf(card).wentDown(byCut);
    if (card === this.world.secondary) this.#label.wentDown();
  }

  #recoveryOf(card: SimCard): RecoveryWatch {
    return card === this.world.primary ? this.#primaryRecovery : this.#secondaryRecovery;
  }

  /** Another card has taken the place of the secondary: what was known of that one says nothing of this. */
  secondaryReplaced(): void {
    this.volumes.secondaryReplaced();
    this.historyOf(this.world.secondary)?.forget();
    this.#line.secondaryReplaced();
    this.#label.replaced();
    this.#counters.replaced();
    this.#changed.damaged(this.secondary);
    this.#secondaryRecovery.replaced();
  }

  /** Rule 1, for a cut at this instant. */
  cover(): void {
    if (this.judge === 'data') return;
    const grains = uncoveredGrains(this.primary, this.secondary);
    if (grains.length > 0) this.#complain(1, 'state', `grains ${grains.slice(0, 8).join(', ')} differ or may come to, and no bit on either card says so`);
  }
}
