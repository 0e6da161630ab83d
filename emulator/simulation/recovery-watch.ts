import type { Control } from '../../firmware/metadata/control-store.js';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DurableView } from './durable-view.js';
import type { Complain } from './rules.js';

const NO_ACCESS: Pick<Control, 'access' | 'forkId'> = { access: false, forkId: 0n };

/** What a card comes up as after a cut (rules 5, 14 and 16): looked at when it says that it has dealt with what it found. */
export class RecoveryWatch {
  /** What the last cut, or what happened since, has done to its NVRAM. */
  #lost = false;
  #doubtful = false;
  readonly #generations = new Set<bigint>();
  /** What hosts of a secondary were given, and had when its power went. */
  #access = NO_ACCESS;

  constructor(
    private readonly view: DurableView,
    private readonly complain: Complain,
  ) {}

  /** What another knew, who watched before. */
  recall(other: RecoveryWatch): void {
    this.#lost = other.#lost;
    this.#doubtful = other.#doubtful;
    for (const generation of other.#generations) this.#generations.add(generation);
    this.#access = other.#access;
  }

  /** Another card stands there now, or the same as it was before. Its power is off. */
  replaced(): void {
    this.#lost = false;
    this.#doubtful = false;
    this.#access = NO_ACCESS;
    this.wentDown(false);
  }

  /** Whether it has lost what it is, and has not come up since. */
  get hasLostIdentity(): boolean {
    return this.#lost;
  }

  /** The power goes. */
  goesDown(): void {
    const { components } = this.view.card;
    if (components !== undefined) this.#access = components.core.state.control.current;
  }

  /** The power has gone, or NVRAM has changed while it was off. @param byCut nothing else has befallen it. */
  wentDown(byCut: boolean): void {
    const isLost = this.view.control === undefined;
    if (byCut && isLost && !this.#lost) this.complain(14, 'state', `a cut has taken both control blocks of ${this.view.card.name}, of which one was good`);
    this.#lost ||= isLost;
    this.#doubtful ||= this.view.card.nvram.content.doubtful;
  }

  /** The control block has changed, or perhaps. */
  committed(): void {
    const { control } = this.view;
    if (!this.#lost && control?.identity.role === Role.PRIMARY) this.#generations.add(control.identity.generation);
  }

  recovered(): void {
    const { control, card: { name } } = this.view;
    const isPrimary = control?.identity.role === Role.PRIMARY;
    if (isPrimary && control.identity.generation === 0n) this.complain(5, 'state', `${name} has come up with half an establishment`);
    if (isPrimary && this.#lost && this.#generations.has(control.identity.generation)) this.complain(14, 'state', `${name} lost both control blocks, and goes on with a generation of before`);
    if ((this.#lost || this.#doubtful) && !this.#isAllDirty()) this.complain(14, 'state', `${name} does not know what its map has lost, and not all of it is dirty`);
    if (this.#lost && this.#access.access && (control?.access !== true || control.forkId !== this.#access.forkId)) {
      this.complain(16, 'state', `${name} lost both control blocks, and has taken from its hosts the access that they had`);
    }
    this.#lost = false;
    this.#doubtful = false;
    this.committed();
  }

  #isAllDirty(): boolean {
    for (let grain = 0; grain < this.view.layout.grains; grain += 1) if (!this.view.isDirty(grain)) return false;
    return true;
  }
}
