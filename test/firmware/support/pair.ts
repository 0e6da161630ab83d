import { uncoveredGrains } from '../../../emulator/simulation/durable-view.js';
import type { SimHosts } from '../../../emulator/simulation/hosts.js';
import { Random } from '../../../emulator/simulation/random.js';
import { Scheduler } from '../../../emulator/simulation/scheduler.js';
import type { AdminBody } from '../../../emulator/simulation/sim-card.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import type { Loss, Surroundings } from './board.js';
import { fill } from './contents.js';
import { PairSide } from './pair-side.js';
import type { Running } from './tasks.js';
import { WatchedLink } from './watched-link.js';

export interface PairOptions {
  readonly geometry?: Geometry;
  readonly seed?: number;
  /** Parts and line take as long as the simulator's, and answer in any order; otherwise they take no time. */
  readonly storm?: boolean;
  /** Largest payload of a link frame: small ones make grains and writes travel in pieces. */
  readonly maxPayloadBytes?: number;
  /** Checks rule 1 after every event. */
  readonly watchCover?: boolean;
}

/** More moves than any quiet-down needs: a pair that goes on for longer runs in circles. */
const MAX_MOVES = 400_000;
/** A pair on which nothing happens for as long is quiet: all that it waits for are timers. */
const QUIET_US = 1000;
const QUIET_IN_STORM_US = 25_000;
/** Longest time, on the cards' clocks, that a pair without faults may take to become synchronized (rule 18). */
const CONVERGENCE_MS = 60_000;
const TICK_MS = 50;
const US_A_MS = 1000;
const JUNK_PERIOD_BYTES = 32 * 1024;

/** Of a line that takes no time. */
class NoDelay extends Random {
  override between(): number {
    return 0;
  }
}

/** Two cards and the line between them, in virtual time, moved by one seed. */
export class Pair {
  readonly wire: WatchedLink;
  readonly primary: PairSide;
  readonly secondary: PairSide;
  readonly random: Random;
  readonly #surroundings: Omit<Surroundings, 'name'>;
  readonly #scheduler = new Scheduler();
  readonly #quietUs: number;
  readonly #watchCover: boolean;
  readonly #others: PairSide[] = [];

  constructor({ geometry = SMALL_GEOMETRY, seed = 1, storm = false, maxPayloadBytes, watchCover = false }: PairOptions = {}) {
    this.random = new Random(seed);
    this.#quietUs = storm ? QUIET_IN_STORM_US : QUIET_US;
    this.#watchCover = watchCover;
    this.wire = new WatchedLink(this.#scheduler, storm ? new Random(seed, 1) : new NoDelay(seed, 1), maxPayloadBytes);
    this.#surroundings = { scheduler: this.#scheduler, link: this.wire, prompt: !storm };
    this.primary = this.#card('P', geometry, seed * 2 + 1);
    this.secondary = this.#card('S', geometry, seed * 2 + 2);
    this.bootBoth();
  }

  get sides(): readonly [PairSide, PairSide] {
    return [this.primary, this.secondary];
  }

  /** Formatted and off. What its disk held before means nothing (rule 19). */
  #card(name: string, geometry: Geometry, seed: number): PairSide {
    const side = new PairSide(name, this.#surroundings, geometry, seed);
    fill(side.board.volume, 0, junk(geometry.sizeBytes, side.board.random));
    side.board.format();
    return side;
  }

  /** Another card comes to the same line. */
  join(name: string, geometry: Geometry, seed: number): PairSide {
    const card = this.#card(name, geometry, seed);
    this.#others.push(card);
    this.boot(card);
    return card;
  }

  get #all(): readonly PairSide[] {
    return [this.primary, this.secondary, ...this.#others];
  }

  bootBoth(): void {
    for (const side of this.sides) if (!side.board.on) this.boot(side);
  }

  /** Power is back: the card comes up. */
  boot(side: PairSide): void {
    side.board.boot();
    this.settle();
  }

  /** Cuts a card's power, unless it was cut already, and brings it up again. */
  reboot(side: PairSide, loss?: Loss): void {
    side.powerOff(loss);
    this.boot(side);
  }

  /** One event, and what the cards make of it. Returns false when the pair is quiet. */
  move(): boolean {
    return this.#deliver(this.#scheduler.nowUs + this.#quietUs);
  }

  #deliver(untilUs: number): boolean {
    this.#step();
    const moved = this.#scheduler.deliver(untilUs);
    this.#step();
    if (moved && this.#watchCover) this.#checkCover();
    return moved;
  }

  #step(): void {
    for (const { name, board } of this.#all) if (!board.step()) throw new Error(`${name} does not come up`);
  }

  /** Moves until nothing happens but timers. */
  settle(): void {
    for (let moves = 0; this.move(); moves += 1) {
      if (moves > MAX_MOVES) throw new Error('the pair does not become quiet');
    }
  }

  /** Lets time pass. */
  pass(ms: number): void {
    const end = this.#scheduler.nowUs + ms * US_A_MS;
    while (this.#deliver(end));
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

  /** Lets hosts have all their answers. */
  untilAnswered(hosts: SimHosts, limitMs?: number): void {
    this.until('hosts have their answers', () => {
      hosts.note();
      return hosts.underWay === 0;
    }, limitMs);
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
    const [ofPrimary, ofSecondary] = [this.primary.volume(), this.secondary.volume()];
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

/** What is wrong with what a card holds, after what its hosts were told. */
export function faultsOf({ durable }: PairSide, hosts: SimHosts): string[] {
  hosts.note();
  return hosts.model.faults(durable.content, hosts.model.now);
}

/** Bytes that are nothing in particular. */
function junk(lengthBytes: number, random: Random): Uint8Array {
  const period = new Uint8Array(JUNK_PERIOD_BYTES);
  random.fill(period);
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += JUNK_PERIOD_BYTES) bytes.set(period.subarray(0, lengthBytes - at), at);
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
