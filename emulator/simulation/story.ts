import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type AdminResponse, LinkState, RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { FatesOf } from './card-image.js';
import { type HostSpan, hostSpanOf } from './host-span.js';
import { PairWatch } from './pair-watch.js';
import type { Random } from './random.js';
import { type Judge, RuleBroken } from './rules.js';
import type { AdminBody, Running, SimCard } from './sim-card.js';
import type { World } from './world.js';

/** Virtual time within which whatever has to happen happens, once faults have stopped (rule 18). */
const CONVERGENCE_US = 60_000_000;
const LOOK_AGAIN_US = 10_000;
const MOST_UNDER_WAY = 8;
const MOST_READ_BLOCKS = 32;
/** Of the volume's ends, at most, where most of it is zeroed. */
const ZERO_FROM_BLOCKS = 256;
/** Commands that operators have under way, at most. */
const MOST_COMMANDS = 3;
/** Where nothing happens but timers, a step does not go on for hours. */
const PASS_MOST_US = 500_000;
/** How long somebody takes to switch a card off and on that did not come up. */
const REPAIR_US = 1_000_000;

interface Command {
  readonly card: SimCard;
  readonly request: AdminBody;
  readonly running: Running<AdminResponse>;
  /** Whether the card had no other command meanwhile. */
  isAlone: boolean;
}

/** One pair's life while it is simulated: time passes, hosts and operators ask for things, the power comes and goes. */
export class Story {
  readonly watch: PairWatch;
  readonly #span: HostSpan;
  #commands: Command[] = [];
  /** How far the world was when notice was taken last: where nothing has happened since, there is nothing to judge. */
  #noted = -1;

  /**
   * @param firstMark of what the primary's hosts write.
   * @param known the story so far, to go on from apart in a world of its own.
   */
  constructor(
    readonly world: World,
    judge: Judge,
    { firstMark = 1, known }: { readonly firstMark?: number; readonly known?: Story | undefined } = {},
  ) {
    this.watch = new PairWatch(world, judge, firstMark, known?.watch);
    this.#span = hostSpanOf(world.seed, world.geometry);
    world.bootFailed = this.#bootFailed;
  }

  readonly #bootFailed = (card: SimCard): void => {
    this.cut(card, false);
    this.later(REPAIR_US, () => { this.boot(card); });
  };

  /** Delivers so many events, but those of a while at most. */
  pass(events: number): void {
    const end = this.world.scheduler.nowUs + PASS_MOST_US;
    for (let i = 0; i < events && this.world.deliver(end); i += 1);
    this.note();
  }

  /** Lets virtual time pass. */
  wait(us: number): void {
    const end = this.world.scheduler.nowUs + us;
    while (this.world.deliver(end));
    this.note();
  }

  /** Lets virtual time pass, and compares the volumes if the pair is synchronized and no host waits for an answer. */
  rest(us: number): void {
    this.wait(us);
    if (this.synchronized && this.watch.hosts.underWay === 0) this.watch.volumes.sameBlocks();
    this.watch.volumes.consistent();
  }

  /** Lets time pass until it is so. @throws RuleBroken when it does not come to be. */
  until(what: string, isSo: () => boolean, rule = 18): void {
    const end = this.world.scheduler.nowUs + CONVERGENCE_US;
    this.note();
    while (!isSo()) {
      if (this.world.scheduler.nowUs > end) throw new RuleBroken(rule, 'state', `${what}: not within ${String(CONVERGENCE_US / 1_000_000)} s. ${this.describe()}`);
      this.wait(LOOK_AGAIN_US);
    }
  }

  /** Something that happens by itself after a while. */
  later(us: number, action: () => void): void {
    this.world.scheduler.after(us, { where: 'story', what: 'later' }, action);
  }

  /** Hosts ask for a few things. */
  hostWork(random: Random): void {
    const { hosts } = this.watch;
    for (let i = random.between(1, 8); i > 0 && hosts.underWay < MOST_UNDER_WAY; i -= 1) hosts.any(random, this.#span);
    if (random.chance(0.5)) this.otherHostWork(random);
  }

  /** A host zeroes a part of the volume, as large as can be: where maps have several lines, more grains than one command opens intents for at once. */
  zeroMost(random: Random): void {
    const { hosts } = this.watch;
    const first = random.below(ZERO_FROM_BLOCKS);
    if (hosts.underWay < MOST_UNDER_WAY) hosts.zero(first, this.watch.primary.blocks - first - random.below(ZERO_FROM_BLOCKS), random.chance(0.3));
  }

  /** Hosts of the secondary ask for something: for anything if it has access, to read if not, and in vain to write. */
  otherHostWork(random: Random): void {
    const { otherHosts, secondaryReads, volumes, oneWriter } = this.watch;
    if (volumes.secondaryHasAccess) {
      if (otherHosts.underWay < MOST_UNDER_WAY) otherHosts.any(random, this.#span);
      return;
    }
    const { first, count } = this.#span.place(random, random.between(1, MOST_READ_BLOCKS));
    if (secondaryReads.underWay < MOST_UNDER_WAY) secondaryReads.read(first, count);
    if (this.#commands.length === 0) oneWriter.tryToWrite(this.#span.place(random, 1).first);
  }

  /** An operator gives a command, unless enough are under way. */
  command(card: SimCard, request: AdminBody): void {
    if (card.components === undefined || this.#commands.length >= MOST_COMMANDS) return;
    this.#give(card, request);
  }

  #give(card: SimCard, request: AdminBody): Running<AdminResponse> {
    // First: a T0 that is there already is not the one that is asked for.
    this.note();
    this.watch.asked(card, request);
    const running = card.admin(request);
    const others = this.#commands.filter((command) => command.card === card);
    for (const command of others) command.isAlone = false;
    this.#commands.push({ card, request, running, isAlone: others.length === 0 });
    return running;
  }

  get commandsUnderWay(): number {
    return this.#commands.length;
  }

  /** Gives a command that has to succeed, and waits for it. @param rule that it breaks where it does not. */
  insist(card: SimCard, request: AdminBody, rule = 18): void {
    const running = this.#give(card, request);
    const what = `${request.case ?? ''} of ${card.name}`;
    this.until(what, () => running.outcome !== undefined);
    const { outcome } = running;
    if (outcome === undefined || !('value' in outcome)) throw new Error(`${what} threw ${String(outcome?.error)}`);
    const { status, detail } = outcome.value;
    if (status !== Status.SUCCESS) throw new RuleBroken(rule, 'state', `${what}: ${Status[status]} ${detail}. ${this.describe()}`);
  }

  /** Cuts a card's power now, if it is on. @param keepsLine see {@link SimNvram.cut} */
  cut(card: SimCard, silent: boolean, fatesOf?: FatesOf, keepsLine?: (line: number) => boolean): void {
    if (!card.power.on) return;
    this.note();
    this.watch.cut(card, silent, fatesOf, keepsLine);
    for (const command of this.#commands) if (command.card === card && card === this.world.secondary) this.watch.oneWriter.cutOff(command.request);
    this.#commands = this.#commands.filter((command) => command.card !== card);
  }

  boot(card: SimCard): void {
    if (!card.power.on) card.boot();
  }

  get synchronized(): boolean {
    return this.watch.inLockstep;
  }

  describe(): string {
    return this.world.cards.map((card) => {
      if (card.components === undefined) return `${card.name}: ${card.power.on ? 'recovering' : 'off'}`;
      const { role, state, linkState, linkStatus, linkDetail, grainsOutOfSync, grainsInIntent } = card.status();
      return `${card.name}: ${Role[role]} ${RelationshipState[state]}, ${LinkState[linkState]} ${Status[linkStatus]} ${linkDetail}, ${String(grainsOutOfSync)} out-of-sync, ${String(grainsInIntent)} in intent`;
    }).join('; ');
  }

  /** Takes notice of what has happened, and has it judged. */
  note(): void {
    const { progress } = this.world;
    if (progress !== this.#noted) this.watch.note();
    this.#noted = progress;
    for (const command of this.#commands) this.#noteOutcome(command);
    this.#commands = this.#commands.filter(({ running }) => running.outcome === undefined);
    if (this.#commands.length === 0) this.watch.images.allAnswered();
  }

  #noteOutcome({ card, request, running: { outcome }, isAlone }: Command): void {
    if (outcome === undefined) return;
    const name = request.case ?? '';
    if ('error' in outcome) throw new Error(`${name} of ${card.name} threw ${String(outcome.error)}`);
    const { status } = outcome.value;
    if (status !== Status.SUCCESS) {
      this.watch.marks.reached(`${name} refused: ${Status[status]}`);
      return;
    }
    if (isAlone) this.watch.succeeded(card, request);
    if (card === this.world.secondary) this.watch.oneWriter.started(request);
  }
}
