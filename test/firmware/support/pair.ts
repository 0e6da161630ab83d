import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { uncoveredGrains } from './durable-view.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { SMALL_GEOMETRY } from './memory-hal.js';
import { MemoryWire } from './memory-link.js';
import { seededRandom } from './memory-power.js';
import { type AdminBody, PairSide, type Running } from './pair-side.js';

export interface PairOptions {
  readonly geometry?: Geometry;
  readonly seed?: number;
  /** Parts answer later and in any order, and everything takes turns as the seed says. */
  readonly storm?: boolean;
  /** Largest payload of a link frame: small ones make grains and writes travel in pieces. */
  readonly maxPayloadBytes?: number;
  /** Checks rule 1 after every effect on either card. */
  readonly watchCover?: boolean;
}

/** More moves than any quiet-down needs: a pair that goes on for longer runs in circles. */
const MAX_MOVES = 400_000;
/** Longest time, on the cards' clocks, that a pair without faults may take to become synchronized (rule 18). */
const CONVERGENCE_MS = 60_000;
const TICK_MS = 50;
const JUNK_PERIOD_BYTES = 32 * 1024;

/** Two cards and the line between them, in one process, moved by one seed. */
export class Pair {
  readonly wire = new MemoryWire();
  readonly primary: PairSide;
  readonly secondary: PairSide;
  readonly random: () => number;
  readonly #storm: boolean;
  readonly #watchCover: boolean;
  readonly #others: PairSide[] = [];
  #effectsSeen = -1;

  constructor(options: PairOptions = {}) {
    const { geometry = SMALL_GEOMETRY, seed = 1 } = options;
    this.random = seededRandom(seed);
    this.#storm = options.storm ?? false;
    this.#watchCover = options.watchCover ?? false;
    if (options.maxPayloadBytes !== undefined) this.wire.maxPayloadBytes = options.maxPayloadBytes;
    this.primary = new PairSide('P', this.wire, geometry, seed * 2 + 1);
    this.secondary = new PairSide('S', this.wire, geometry, seed * 2 + 2);
    // What the secondary's disk held before means nothing (rule 19); nor does what the primary's held.
    for (const side of this.sides) side.board.volume.fill(0, junk(geometry.sizeBytes, side.board.random));
    for (const side of this.sides) side.format();
    this.bootBoth();
  }

  get sides(): readonly [PairSide, PairSide] {
    return [this.primary, this.secondary];
  }

  /** A third card takes part: another at the same line. */
  join(card: PairSide): void {
    this.#others.push(card);
    this.boot(card);
  }

  get #all(): readonly PairSide[] {
    return [this.primary, this.secondary, ...this.#others];
  }

  bootBoth(): void {
    for (const side of this.sides) if (!side.on) this.boot(side);
  }

  /** Power is back: the card comes up. In a storm a cut may come meanwhile. */
  boot(side: PairSide): void {
    side.boot();
    if (this.#storm) side.board.power.intercept = () => 'hold';
    this.settle();
  }

  /** Cuts a card's power and brings it up again. */
  reboot(side: PairSide, options: Parameters<PairSide['powerOff']>[0] = {}): void {
    side.powerOff(options);
    this.boot(side);
  }

  /** One move of one actor. Returns false when nobody can move. */
  move(): boolean {
    const moved = this.#storm ? this.#stormMove() : this.#promptMove();
    if (moved && this.#watchCover) this.#checkCover();
    return moved;
  }

  #promptMove(): boolean {
    return this.#all.some((side) => side.step()) || this.wire.step(() => 0);
  }

  #stormMove(): boolean {
    const actors: (() => boolean)[] = [];
    for (const side of this.#all) {
      const { power } = side.board;
      if (side.canStep) actors.push(() => side.step());
      if (power.on && power.held.length > 0) actors.push(() => power.releaseOne(this.random()));
    }
    const actor = actors[Math.floor(this.random() * (actors.length + 1))];
    return actor?.() ?? (this.wire.step(this.random) || (actors[0]?.() ?? false));
  }

  /** Moves until nobody can: time stands still. */
  settle(): void {
    for (let moves = 0; this.move(); moves += 1) {
      if (moves > MAX_MOVES) throw new Error('the pair does not become quiet');
    }
  }

  /** Lets time pass on both cards, in small steps. */
  pass(ms: number): void {
    this.settle();
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      for (const side of this.#all) side.board.clock.advance(TICK_MS);
      this.settle();
    }
  }

  /** Lets time pass until it is so. */
  until(what: string, isSo: () => boolean, limitMs = CONVERGENCE_MS): void {
    this.settle();
    for (let passed = 0; !isSo(); passed += TICK_MS) {
      if (passed >= limitMs) throw new Error(`${what}: not within ${String(limitMs)} ms\n${this.describe()}`);
      this.pass(TICK_MS);
    }
  }

  /** Runs what was started to its end. */
  finish<T>(running: Running<T>): T {
    this.until('the command ends', () => running.ended);
    return running.result();
  }

  /** Runs an administration command and answers its status. */
  admin(side: PairSide, request: AdminBody): Status {
    return this.finish(side.admin(request)).status;
  }

  /** Runs an administration command that has to succeed. */
  command(side: PairSide, request: AdminBody): void {
    const { status, detail } = this.finish(side.admin(request));
    if (status !== Status.SUCCESS) throw new Error(`${String(request.case)}: ${Status[status]} ${detail}`);
  }

  establish(flashCopy = false): void {
    this.command(this.primary, { case: 'establish', value: { secondaryName: 'S', flashCopy } });
  }

  connect(conventional = false): void {
    this.command(this.secondary, { case: 'connectPeer', value: { address: 'P', conventional, overwrite: true } });
  }

  get synchronized(): boolean {
    const [p, s] = this.sides;
    if (!p.isUp || !s.isUp) return false;
    return p.components.primary.session?.phase === 'synchronized' && s.components.requester.session?.phase === 'synchronized' && p.components.tracking.outOfSyncCount === 0;
  }

  untilSynchronized(): void {
    this.until('the pair becomes synchronized', () => this.synchronized);
  }

  /** Waits until the intents of a synchronized pair are swept: nothing unflushed lies on either card. */
  untilSwept(): void {
    this.until('the intents are swept', () => this.synchronized && this.primary.components.tracking.intentCount === 0);
  }

  /** Grains whose content, as hosts would read it, differs between the cards. */
  differingGrains(): number[] {
    const [ofPrimary, ofSecondary] = [this.primary.durable.volume(), this.secondary.durable.volume()];
    const { grainBytes } = this.primary.board.geometry;
    const differing: number[] = [];
    for (let grain = 0; grain * grainBytes < ofPrimary.length; grain += 1) {
      const start = grain * grainBytes;
      if (ofPrimary.compare(ofSecondary, start, start + grainBytes, start, start + grainBytes) !== 0) differing.push(grain);
    }
    return differing;
  }

  uncoveredGrains(): number[] {
    return uncoveredGrains(this.primary.durable, this.secondary.durable);
  }

  describe(): string {
    return this.sides.map((side) => {
      if (!side.isUp) return `${side.name}: off`;
      const { identity } = side.components.core.state.control.current;
      const { tracking, primary, requester } = side.components;
      const end = identity.role === Role.PRIMARY ? primary.lastEnd : requester.lastEnd;
      const phase = primary.session?.phase ?? requester.session?.phase ?? 'no session';
      return `${side.name}: ${Role[identity.role]} ${phase}, ${String(tracking.outOfSyncCount)} out-of-sync, ${String(tracking.intentCount)} in intent, last end ${end === undefined ? 'none' : `${Status[end.status]} ${end.detail}`}`;
    }).join('\n');
  }

  #checkCover(): void {
    const effects = this.primary.board.power.effects + this.secondary.board.power.effects;
    if (effects === this.#effectsSeen) return;
    this.#effectsSeen = effects;
    const uncovered = this.uncoveredGrains();
    if (uncovered.length > 0) throw new Error(`rule 1: grains ${uncovered.join(', ')} differ or may come to, and no bit says so\n${this.describe()}`);
  }
}

/** Two cards that are synchronized, by the conventional way. */
export function livePair(options: PairOptions = {}): Pair {
  const pair = new Pair(options);
  pair.establish();
  pair.connect(true);
  pair.untilSynchronized();
  return pair;
}

/** Bytes that are nothing in particular. */
export function junk(lengthBytes: number, random: () => number): Uint8Array {
  const words = new Uint32Array(Math.min(lengthBytes, JUNK_PERIOD_BYTES) / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = Math.floor(random() * 4294967296);
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += JUNK_PERIOD_BYTES) bytes.set(new Uint8Array(words.buffer).subarray(0, lengthBytes - at), at);
  return bytes;
}

/** Does what an operator would, until the pair is synchronized and its intents are swept. */
export function converge(pair: Pair): void {
  const { primary, secondary } = pair;
  pair.until('the cards come up', () => primary.isUp && secondary.isUp);
  if (primary.status().role === Role.STANDALONE) pair.establish();
  if (primary.status().stopped) pair.command(primary, { case: 'start', value: { discardSecondary: false } });
  if (secondary.status().role === Role.STANDALONE) pair.connect(true);
  if (secondary.status().stopped) pair.command(secondary, { case: 'start', value: { discardSecondary: true } });
  if (!secondary.status().connectWished) pair.connect();
  pair.untilSynchronized();
  pair.untilSwept();
}
