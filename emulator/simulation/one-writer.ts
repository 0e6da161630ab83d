import { CommandError } from '../../firmware/errors.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DurableView } from './durable-view.js';
import type { SimHosts } from './hosts.js';
import { markedBlocks } from './marked-blocks.js';
import type { Complain } from './rules.js';
import type { AdminBody, Running } from './sim-card.js';

/** Rule 16: a secondary takes writes only with access, and gives none of them up unless told so by word. */
export class OneWriter {
  /** Writes of the secondary's hosts that were under way when it gave them up. */
  #late: readonly Running<void>[] = [];
  /** What the writes that are counted belong to. */
  #forkId = 0n;
  /** Whether hosts had access when the secondary was given its last command. */
  #hadAccess = false;

  constructor(
    private readonly secondary: DurableView,
    private readonly hosts: SimHosts,
    private readonly complain: Complain,
  ) {}

  /** A host writes to the secondary although it may not. No command is under way, so it is refused at once. */
  tryToWrite(firstBlock: number): void {
    const { card, control } = this.secondary;
    if (card.components === undefined || control?.identity.role !== Role.SECONDARY || control.access) return;
    const mark = this.hosts.model.write(firstBlock, 1, false).mark;
    const { outcome } = card.launch(card.components.io.write(firstBlock * BLOCK_BYTES, markedBlocks(firstBlock, 1, mark), false));
    const answer = outcome !== undefined && 'error' in outcome ? outcome.error : 'no refusal';
    if (!(answer instanceof CommandError) || answer.status !== Status.WRITE_TO_SECONDARY) this.complain(16, 'state', `a secondary without access answers a write with ${String(answer)}`);
  }

  /** Hosts may write to the secondary from here on. */
  accessGiven(): void {
    this.#forkId = this.secondary.control?.forkId ?? 0n;
  }

  /** The secondary is given a command. */
  asked(): void {
    const { control } = this.secondary;
    this.#hadAccess = this.#forkId !== 0n && control?.access === true && control.forkId === this.#forkId;
  }

  /** It has carried that out, and had no other meanwhile: what its hosts wrote is theirs, until that is given up by word. */
  succeeded(request: AdminBody): void {
    if (!this.#hadAccess) return;
    this.hosts.note();
    const overwrites = request.case === 'mediumLoad' || (request.case === 'connectPeer' && request.value.conventional === true);
    if (overwrites && this.hosts.acknowledgedChanges > 0) {
      this.complain(16, 'data', `${request.case} overwrites what hosts wrote to the secondary: ${String(this.hosts.acknowledgedChanges)} writes`);
    }
    if (request.case !== 'dissolve') return;
    const { model } = this.hosts;
    const faults = model.faults(this.secondary.content, model.now, (block) => this.secondary.isWrittenDamaged(this.secondary.grainOf(block)));
    if (faults.length > 0) this.complain(16, 'data', `the secondary was dissolved, and what its hosts wrote is gone: ${faults.join('; ')}`);
  }

  /** The secondary was told to give up what its hosts wrote, with that word or without it, and has done so. */
  started(request: AdminBody): void {
    if (request.case !== 'start') return;
    const changes = this.hosts.release();
    const acknowledged = this.hosts.acknowledgedChanges + changes.filter(isAcknowledged).length;
    // Another fork stands, or none, where the secondary was dissolved or loaded anew since hosts wrote to it.
    const isOfFork = this.#forkId !== 0n && this.secondary.control?.forkId === this.#forkId;
    if (isOfFork && request.value.discardSecondary !== true && acknowledged > 0) {
      this.complain(16, 'data', `what hosts wrote to the secondary was given up without a word: ${String(acknowledged)} writes`);
    }
    this.hosts.acknowledgedChanges = 0;
    this.#late = changes.filter(({ outcome }) => outcome === undefined);
  }

  /** The secondary lost power while it carried this out: what was said may be done, though nobody was told. */
  cutOff(request: AdminBody): void {
    const isWord = request.case === 'start' && request.value.discardSecondary === true;
    if (isWord && this.secondary.control?.access !== true) this.hosts.acknowledgedChanges = 0;
  }

  /** What had to be answered before, or to be refused. */
  note(): void {
    const acknowledged = this.#late.filter(isAcknowledged).length;
    this.#late = this.#late.filter(({ outcome }) => outcome === undefined);
    if (acknowledged > 0) this.complain(16, 'data', `${String(acknowledged)} writes to the secondary were acknowledged after they had been given up`);
  }

  /** The power went. */
  forget(): void {
    this.#late = [];
  }
}

function isAcknowledged({ outcome }: Running<void>): boolean {
  return outcome !== undefined && 'value' in outcome;
}
