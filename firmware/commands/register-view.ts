import type { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DiskState, FlashCopyState, LinkState, RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { cardRegisters, MAILBOX_WINDOW_BYTES } from '../../protos/registers/card-registers.js';
import { packFields, unpackField } from '../../protos/registers/fields.js';
import type { DmaMemory } from '../hal.js';
import { BLOCK_BYTES, MAX_IO_QUEUE_DEPTH, MAX_TRANSFER_BYTES } from '../limits.js';
import { Mailbox, type MailboxHandler } from '../registers/mailbox.js';
import { type RegisterBehaviour, RegisterFile } from '../registers/register-file.js';

/** The doorbells of the queue pairs. Ringing throws a CommandError when the value is not possible. */
export interface DoorbellAccess {
  submissionTail(slot: number): number;
  completionHead(slot: number): number;
  ringSubmissionTail(slot: number, tail: number): void;
  ringCompletionHead(slot: number, head: number): void;
}

/** The card as its registers show it. Each is asked for when a host reads it. */
export interface RegisterSource {
  readonly ready: boolean;
  /** A part of the card failed since power came. */
  readonly faulty: boolean;
  readonly role: Role;
  readonly diskState: DiskState;
  /** Secondary: hosts may write to it. */
  readonly secondaryAccess: boolean;
  readonly linkState: LinkState;
  readonly relationshipState: RelationshipState;
  readonly generation: bigint;
  readonly grainBytes: number;
  readonly grainsTotal: number;
  readonly grainsOutOfSync: number;
  readonly grainsInIntent: number;
  readonly flashCopyState: FlashCopyState;
  readonly hasPeerPort: boolean;
  readonly doorbells: DoorbellAccess;
}

export type InterruptCause = keyof typeof cardRegisters.INT_STATUS.fields;

const IN_SYNC_PARTS = 10_000;

/** The registers of a running card: its live values behind the register map, its mailbox, its interrupts. */
export class RegisterView {
  readonly #file: RegisterFile<typeof cardRegisters>;
  #lastError = 0;

  /**
   * @param mailbox what carries out the requests of the mailbox.
   * @param log told of each access that was refused: one line.
   */
  constructor(memory: DmaMemory, source: RegisterSource, mailbox: MailboxHandler, log: (line: string) => void) {
    const box = new Mailbox(memory.take(MAILBOX_WINDOW_BYTES), mailbox, () => { this.raise('MAILBOX'); });
    const ownValues = {
      STATUS: { read: () => this.#status(source) },
      ERROR_LAST: { read: () => packFields(cardRegisters.ERROR_LAST, { STATUS: this.#lastError }) },
    };
    this.#file = new RegisterFile(cardRegisters, [ownValues, box.behaviours, liveValues(source)], [box.window], log);
  }

  read(offset: number, lengthBytes: number): Uint8Array {
    return this.#file.read(offset, lengthBytes);
  }

  write(offset: number, value: Uint8Array): void {
    this.#file.write(offset, value);
  }

  /** Sets a bit of INT_STATUS; hosts clear it. */
  raise(cause: InterruptCause): void {
    this.#file.setBits('INT_STATUS', 1 << cardRegisters.INT_STATUS.fields[cause].lsb);
  }

  /** The card logged an error. */
  errorLogged(status: Status): void {
    this.#lastError = status;
    this.#file.countUp('ERROR_COUNT');
    this.raise('ERROR');
  }

  /** Whether I/O queues take commands. */
  get enabled(): boolean {
    return unpackField(cardRegisters.CONTROL.fields.ENABLE, this.#file.stored('CONTROL')) === 1n;
  }

  #status(source: RegisterSource): bigint {
    const raised = this.#file.stored('INT_STATUS') & ~this.#file.stored('INT_MASK');
    return packFields(cardRegisters.STATUS, {
      READY: source.ready,
      STARTING: !source.ready,
      FAULT: source.faulty,
      INTERRUPT: raised !== 0,
      ROLE: source.role,
      DISK_STATE: source.diskState,
      ACCESS: source.secondaryAccess,
    });
  }
}

function liveValues(source: RegisterSource) {
  return {
    CAPABILITIES: { read: () => capabilities(source) },
    LINK_STATE: { read: () => source.linkState },
    SYNC_PROGRESS: { read: () => inSyncParts(source) },
    DIRTY_COUNT: { read: () => source.grainsOutOfSync },
    INTENT_COUNT: { read: () => source.grainsInIntent },
    RELATIONSHIP_STATE: { read: () => source.relationshipState },
    GENERATION: { read: () => source.generation },
    GRAINS_TOTAL: { read: () => source.grainsTotal },
    GRAIN_BYTES: { read: () => source.grainBytes },
    FLASH_COPY_STATE: { read: () => source.flashCopyState },
    SQ_TAIL_DOORBELL: {
      read: (slot) => source.doorbells.submissionTail(slot),
      write: (tail, slot) => { source.doorbells.ringSubmissionTail(slot, tail); },
    },
    CQ_HEAD_DOORBELL: {
      read: (slot) => source.doorbells.completionHead(slot),
      write: (head, slot) => { source.doorbells.ringCompletionHead(slot, head); },
    },
  } satisfies Record<string, RegisterBehaviour>;
}

function capabilities(source: RegisterSource): bigint {
  return packFields(cardRegisters.CAPABILITIES, {
    MAX_QUEUE_DEPTH: MAX_IO_QUEUE_DEPTH,
    BLOCK_BYTES_LOG2: Math.log2(BLOCK_BYTES),
    MAX_TRANSFER_LOG2: Math.log2(MAX_TRANSFER_BYTES),
    FLASH_COPY: true,
    MEDIUM: true,
    PEER_PORT: source.hasPeerPort,
  });
}

function inSyncParts({ grainsTotal, grainsOutOfSync }: RegisterSource): number {
  return Math.floor(((grainsTotal - grainsOutOfSync) * IN_SYNC_PARTS) / grainsTotal);
}
