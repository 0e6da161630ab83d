import { CommandError, type HostDriver } from '../../host-driver/index.js';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type CardStatus, LinkState, RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../protos/status/sentences.js';
import { enumWord } from '../../emulator/cli/enum-words.js';
import type { Random } from '../../emulator/simulation/random.js';
import type { CardInProcess } from '../emulator/processes/card-in-process.js';
import { Guests } from './guests.js';
import { WAYS } from './link-faults.js';
import { Lockstep, readSecondary, type Seen } from './lockstep.js';
import { type Medium, Media } from './media.js';
import { isExpected } from './refusals.js';
import { AGREEMENT_FRAMES } from './settings.js';
import type { Counted } from './tally.js';
import type { TorturedPair } from './tortured-pair.js';

/** Of a hundred looks at a secondary that is to be loaded, those at which it is connected in the conventional way instead. */
const CONVENTIONAL_PERCENT = 6;
/** Of a hundred looks at a pair in lockstep, those at which an operator does something to it. */
const MEDDLE_PERCENT = 50;
/** Of a hundred looks at a secondary that hosts write to, those at which their writes are given up. */
const DISCARD_PERCENT = 15;
/** Of a hundred looks at a pair in lockstep, those at which both volumes are compared; always, while hosts stand still anyway. */
const COMPARE_PERCENT = 8;
/** Of the times that all begins anew, those at which the primary does not. */
const SECONDARY_ALONE_CHANCE = 0.3;
/** Looks at which a refusal has to stand, before it is believed. */
const BELIEVED_REFUSALS = 3;

/** An operator who wants the pair to be live, and takes the next step of the method (302 to 316) at each look; now and then one that takes it back. */
export class Operator {
  readonly lockstep: Lockstep;
  readonly #media: Media;
  #verified: Medium | undefined;
  #refusals = 0;
  #guests: Guests | undefined;
  /** As noted last. */
  #states = '';

  constructor(
    private readonly pair: TorturedPair,
    directory: string,
    readonly random: Random,
  ) {
    this.lockstep = new Lockstep(pair);
    this.#media = new Media(pair, directory);
  }

  /**
   * Looks at both cards, and does the next thing.
   * @param calm nothing but what leads to a pair in lockstep.
   * @returns whether both are in lockstep.
   */
  async step(calm: boolean): Promise<boolean> {
    const seen = await this.lockstep.look();
    return seen !== undefined && (await this.#unlessRefused(this.#actOn(seen, calm))) === true;
  }

  /** Of the relationship nothing is left, or nothing at the secondary; the next look goes on from there. */
  async beginAnew(): Promise<void> {
    await this.#unlessRefused(this.random.chance(SECONDARY_ALONE_CHANCE) ? this.#dissolveSecondary() : this.#dissolveBoth());
  }

  /** Undefined when a card refuses for a reason that it may have. */
  async #unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof CommandError) || !isExpected(error.status)) throw error;
      this.pair.tally.count('refusals');
      this.pair.journal.note(`refused: ${error.message}`);
      return undefined;
    }
  }

  async #actOn({ p, s, synchronized }: Seen, calm: boolean): Promise<boolean> {
    this.#noteStates(p, s);
    await this.#media.note(p, s);
    if (!s.secondaryAccess) await this.#guestsLeave();
    if (!synchronized) await this.#advance(p, s, calm);
    else if (!calm) await this.#live();
    return synchronized;
  }

  async #live(): Promise<void> {
    if (this.pair.host.paused || this.random.below(100) < COMPARE_PERCENT) await this.lockstep.compare();
    else if (this.random.below(100) < MEDDLE_PERCENT) await this.#meddle();
  }

  #noteStates(p: CardStatus, s: CardStatus): void {
    const states = [p, s].map(({ state, linkStatus, linkDetail }) => `${enumWord(RelationshipState, state)} (${statusName(linkStatus)} ${linkDetail})`).join(', ');
    if (states !== this.#states) this.pair.journal.note(`primary and secondary are ${states}`);
    this.#states = states;
  }

  /** The next step of the method. */
  async #advance(p: CardStatus, s: CardStatus, calm: boolean): Promise<void> {
    const { pair } = this;
    const { primary } = pair;
    if (p.role === Role.STANDALONE || p.generation === 0n) await this.#establish();
    else if (p.stopped) await this.#command(primary, 'start', (driver) => driver.start());
    else if (s.secondaryAccess && !calm && this.random.below(100) >= DISCARD_PERCENT) await this.#guestsWork();
    else if (s.role === Role.SECONDARY && s.stopped) await this.#startSecondary(calm);
    else if (s.role === Role.SECONDARY && s.generation === p.generation && s.state !== RelationshipState.LOADING) await this.#connect(s);
    else if (isConventional(s)) await this.#mind(s);
    else if (!calm && this.random.below(100) < CONVENTIONAL_PERCENT) await this.#connectConventionally();
    else await this.#media.loadNext(p, s);
  }

  async #establish(): Promise<void> {
    const { pair } = this;
    const flashCopy = this.random.chance(0.7);
    const establish = (): Promise<boolean> => this.#command(pair.primary, 'establish', (driver) => driver.establish({ secondaryName: 'secondary', flashCopy }));
    if (flashCopy ? await this.#media.takingT0(establish) : await establish()) pair.tally.count('establishments');
  }

  async #connect(s: CardStatus): Promise<void> {
    const { pair } = this;
    const medium = this.#media.loaded;
    if (s.state === RelationshipState.SEEDED && medium !== undefined && medium !== this.#verified) {
      if ((await readSecondary(pair, medium.t0)) === undefined) return;
      this.#verified = medium;
      this.#did('loads', `the secondary holds T0 of ${medium.path}`);
    }
    if (s.connectWished) await this.#mind(s);
    else await this.#command(pair.secondary, 'connect', (driver) => driver.connectPeer({ address: pair.proxy.address }));
  }

  async #connectConventionally(): Promise<void> {
    const { pair } = this;
    if (await this.#command(pair.secondary, 'connect --conventional', (driver) => driver.connectPeer({ address: pair.proxy.address, conventional: true, overwrite: true }))) {
      pair.tally.count('conventional');
    }
  }

  /** A secondary that the primary refuses, and goes on refusing, is of no use: all begins anew. */
  async #mind({ linkState, linkStatus, linkDetail }: CardStatus): Promise<void> {
    const refused = linkState === LinkState.REFUSED && linkStatus !== Status.LINK_LOST && linkStatus !== Status.STOPPED && linkStatus !== Status.NOT_PRIMARY;
    this.#refusals = refused ? this.#refusals + 1 : 0;
    if (this.#refusals < BELIEVED_REFUSALS) return;
    this.#refusals = 0;
    this.#did('rejections', `the primary refuses: ${statusName(linkStatus)} ${linkDetail}`);
    await this.#dissolveBoth();
  }

  async #meddle(): Promise<void> {
    const { pair } = this;
    switch (this.random.below(7)) {
      case 0:
        await this.#dissolveBoth();
        return;
      case 1:
      case 2:
        await this.#fork();
        return;
      case 3:
        await this.#dissolveSecondary();
        return;
      case 4:
        if (await this.#command(pair.primary, 'stop', (driver) => driver.stop())) pair.tally.count('stops');
        return;
      case 5:
        await this.#leaveAlone('stop', (driver) => driver.stop());
        return;
      default:
        await this.#leaveAlone('disconnect', (driver) => driver.disconnectPeer());
    }
  }

  /** The secondary's session is over when it says so, and no other begins before the next look. */
  async #leaveAlone(name: string, work: (driver: HostDriver) => Promise<void>): Promise<void> {
    if (!(await this.#command(this.pair.secondary, name, work))) return;
    this.pair.tally.count('stops');
    await this.lockstep.readConsistent();
  }

  /** Its primary is bound to what it held (rule 8): of another load, even of the same medium, it has to refuse it. */
  async #dissolveSecondary(): Promise<void> {
    await this.#command(this.pair.secondary, 'dissolve', (driver) => driver.dissolve());
  }

  async #dissolveBoth(): Promise<void> {
    for (const card of this.pair.cards) await this.#command(card, 'dissolve', (driver) => driver.dissolve());
  }

  /** Hosts may write to the secondary (rule 16). */
  async #fork(): Promise<void> {
    if (await this.#command(this.pair.secondary, 'stop --access', (driver) => driver.stop({ access: true }))) await this.#guestsWork();
  }

  async #guestsWork(): Promise<void> {
    const { pair } = this;
    if (this.#guests === undefined) {
      const content = await this.lockstep.readConsistent();
      if (content === undefined) return;
      this.#guests = Guests.welcome(pair, content, (below) => this.random.below(below));
      this.#did('forks', 'hosts write to the secondary');
    }
    await this.#guests.work();
  }

  async #guestsLeave(): Promise<void> {
    const guests = this.#guests;
    this.#guests = undefined;
    await guests?.leave();
  }

  /**
   * What its hosts wrote is given up. They stop before: what they would be told is no failure. While both cards
   * agree on what differs (rule 16), the line fails often.
   */
  async #startSecondary(calm: boolean): Promise<void> {
    const { pair, random } = this;
    await this.#guests?.pause();
    if (!calm && random.chance(0.5)) pair.proxy.arm(random.pick(WAYS), random.pick(['drop', 'tear']), random.below(AGREEMENT_FRAMES));
    if (await this.#command(pair.secondary, 'start --discard-secondary', (driver) => driver.start({ discardSecondary: true }))) await this.#guestsLeave();
  }

  /** @returns whether it was done, and the card was there to say so. */
  async #command(card: CardInProcess, name: string, work: (driver: HostDriver) => Promise<void>): Promise<boolean> {
    this.pair.journal.note(`${name} at the ${card.name}`);
    return (await this.pair.ask(card, async (driver) => {
      await work(driver);
      return true;
    })) === true;
  }

  #did(what: Counted, how: string): void {
    this.pair.tally.count(what);
    this.pair.journal.note(how);
  }
}

function isConventional({ role, connectWished, allDirty, suppressed }: CardStatus): boolean {
  return role === Role.SECONDARY && connectWished && allDirty && !suppressed;
}
