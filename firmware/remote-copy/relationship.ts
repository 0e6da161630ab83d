import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { FlashCopy } from '../flash-copy/flash-copy.js';
import type { Task } from '../kernel/pending.js';
import { Semaphore } from '../kernel/sync.js';
import { MAX_ADDRESS_BYTES, MAX_NAME_BYTES, MAX_PATH_BYTES } from '../limits.js';
import type { MediumJobs } from '../medium/jobs.js';
import type { Control } from '../metadata/control-store.js';
import { becomeStandalone, forgetRelationship } from '../metadata/forget-relationship.js';
import { newId } from '../metadata/format.js';
import { newGeneration } from '../metadata/generation.js';
import type { Requester } from '../synchronization/requester.js';
import type { PrimaryRemoteCopy } from './primary.js';

/**
 * The remote copy relationship of this card: what makes it primary, secondary or standalone, and the
 * operator's wishes. One change at a time; each is durable before it is acknowledged.
 */
export class Relationship {
  readonly #turn: Semaphore;

  constructor(
    private readonly core: CardCore,
    private readonly flashCopy: FlashCopy,
    private readonly primary: PrimaryRemoteCopy,
    private readonly requester: Requester,
    private readonly jobs: MediumJobs,
  ) {
    this.#turn = new Semaphore(core.loop, 1);
  }

  get #control(): Control {
    return this.core.state.control.current;
  }

  /**
   * Tells this card that it has a secondary (302), whether or not a link exists: from here on its metadata
   * component records what hosts write. Rule 5: drain, flush, `establishing`, empty map, new generation.
   */
  *establish(secondaryName: string, takeT0: boolean): Task {
    checkText('the secondary\'s name', secondaryName, MAX_NAME_BYTES);
    yield* this.#exclusively(this.#establish(secondaryName, takeT0));
  }

  *#establish(secondaryName: string, takeT0: boolean): Task {
    const { role, generation } = this.#control.identity;
    // Without a generation it is half an establishment that NVRAM refused to end or to undo: begun anew.
    const half = role === Role.PRIMARY && generation === 0n;
    if (role === Role.PRIMARY && !half) throw new CommandError(Status.ALREADY_ESTABLISHED);
    if (role !== Role.STANDALONE && !half) throw new CommandError(Status.NOT_STANDALONE);
    const { state, hostWrites, volume, hal } = this.core;
    yield* hostWrites.close();
    try {
      yield* volume.flush();
      yield* state.control.commit((draft) => {
        forgetRelationship(draft);
        draft.identity.role = Role.PRIMARY;
        draft.identity.relationshipId = newId(hal);
        draft.identity.sourceVolumeId = draft.identity.volumeId;
        draft.identity.secondaryName = secondaryName;
        draft.identity.establishments += 1;
      });
      yield* this.#beginGeneration();
      // As close to the establishment as can be: nothing was written in between.
      if (takeT0) yield* this.flashCopy.take();
    } finally {
      hostWrites.open();
    }
  }

  *#beginGeneration(): Task {
    const { state, hal } = this.core;
    try {
      yield* state.dirty.clearAll();
      yield* state.control.commit((draft) => {
        draft.identity.generation = newGeneration(draft.identity.establishments, hal.entropy);
      });
    } catch (error) {
      // As after a cut: half an establishment is none.
      yield* state.control.commit(becomeStandalone);
      throw error;
    }
  }

  /** Ends the relationship on this card. Its data stays, if it is consistent. */
  *dissolve(): Task {
    yield* this.#exclusively(this.#dissolve());
  }

  *#dissolve(): Task {
    if (this.#control.identity.role === Role.STANDALONE) throw new CommandError(Status.NO_RELATIONSHIP);
    this.#refuseWhileJob();
    try {
      yield* this.requester.hold(Status.NO_RELATIONSHIP, 'the secondary was dissolved', 0n);
      yield* this.primary.without(Status.NO_RELATIONSHIP, 'the primary was dissolved', this.#forget());
    } finally {
      this.requester.release();
    }
  }

  *#forget(): Task {
    yield* this.core.hostWrites.close();
    try {
      if (this.flashCopy.active) yield* this.flashCopy.end(Status.UNSPECIFIED);
      yield* this.#emptyInconsistent();
      yield* this.core.state.control.commit(becomeStandalone);
    } finally {
      this.core.hostWrites.open();
    }
  }

  /**
   * Half-copied data must not become a standalone card's (rules 7 and 12): its volume is empty from here on.
   * Everything is dirty first, should a cut leave it a secondary. With access it was consistent, and its hosts' since.
   */
  *#emptyInconsistent(): Task {
    const { identity, consistent, access } = this.#control;
    if (identity.role !== Role.SECONDARY || consistent || access) return;
    yield* this.core.state.dirty.setAll();
    yield* this.core.state.written.clearAll();
  }

  /** Starts or resumes copying T0 to a medium (304); the job's progress stands in the status. */
  *exportMedium(path: string): Task {
    checkText('the path', path, MAX_PATH_BYTES);
    yield* this.#exclusively(this.jobs.startExport(path));
  }

  /** Starts or resumes loading a medium (308), which makes this card a secondary. */
  *loadMedium(path: string, overwrite: boolean): Task {
    checkText('the path', path, MAX_PATH_BYTES);
    yield* this.#exclusively(this.jobs.startLoad(path, overwrite));
  }

  /** Takes T0 again, with hosts drained for an instant (rule 6). */
  *startFlashCopy(): Task {
    yield* this.#exclusively(this.#startFlashCopy());
  }

  *#startFlashCopy(): Task {
    if (this.#control.identity.role !== Role.PRIMARY) throw new CommandError(Status.NOT_PRIMARY);
    if (this.flashCopy.active) throw new CommandError(Status.FLASH_COPY_ACTIVE);
    this.#refuseWhileJob();
    yield* this.core.hostWrites.close();
    try {
      yield* this.flashCopy.take();
    } finally {
      this.core.hostWrites.open();
    }
  }

  *stopFlashCopy(): Task {
    yield* this.#exclusively(this.#stopFlashCopy());
  }

  *#stopFlashCopy(): Task {
    if (!this.flashCopy.active) throw new CommandError(Status.NO_FLASH_COPY);
    yield* this.flashCopy.end(Status.FLASH_COPY_STOPPED);
  }

  /**
   * Wishes this secondary connected to the primary at `address` (314). `conventional` is the prior art: all of
   * this card's map is dirty, and everything is copied.
   */
  *connect(address: string, conventional: boolean, overwrite: boolean): Task {
    checkText('the peer\'s address', address, MAX_ADDRESS_BYTES);
    if (address === '') throw new CommandError(Status.INVALID_FIELD, 'the peer\'s address is empty');
    yield* this.#exclusively(this.#connect(address, conventional, overwrite));
  }

  *#connect(address: string, conventional: boolean, overwrite: boolean): Task {
    const { identity, loadState, access } = this.#control;
    if (identity.role === Role.PRIMARY) throw new CommandError(Status.NOT_SECONDARY);
    this.#refuseWhileJob();
    if (this.requester.session !== undefined && identity.peerAddress === address && !conventional) {
      throw new CommandError(Status.ALREADY_CONNECTED, address);
    }
    if (conventional) {
      if (access) throw new CommandError(Status.SECONDARY_HAS_WRITES);
      this.#refuseToOverwrite(overwrite);
    } else if (identity.role !== Role.SECONDARY || loadState === LoadState.LOADING || identity.loadId.length === 0) {
      throw new CommandError(Status.NOT_LOADED);
    }
    try {
      yield* this.requester.hold(Status.LINK_LOST, 'the secondary connects anew', 0n);
      if (conventional) yield* this.#becomeConventional(overwrite);
      yield* this.core.state.control.commit((draft) => {
        draft.identity.connectWished = true;
        draft.identity.peerAddress = address;
      });
    } finally {
      this.requester.release();
    }
  }

  /** Everything is dirty and nothing suppressed; whatever this card was loaded with does not count. */
  *#becomeConventional(overwrite: boolean): Task {
    const { hostWrites, state, hal } = this.core;
    yield* hostWrites.close();
    try {
      // Drained, so that a write that was on its way is counted.
      this.#refuseToOverwrite(overwrite);
      yield* state.control.commit((draft) => {
        forgetRelationship(draft);
        draft.identity.role = Role.SECONDARY;
        draft.identity.loadId = newId(hal);
        draft.allDirty = true;
        draft.conventional = true;
        draft.consistent = false;
      });
    } finally {
      hostWrites.open();
    }
  }

  #refuseToOverwrite(overwrite: boolean): void {
    const { written } = this.core.state;
    if (this.#control.identity.role === Role.STANDALONE && written.count > 0 && !overwrite) throw new CommandError(Status.HOSTS_HAVE_WRITTEN);
  }

  *disconnect(): Task {
    yield* this.#exclusively(this.#disconnect());
  }

  *#disconnect(): Task {
    if (this.#control.identity.role !== Role.SECONDARY) throw new CommandError(Status.NOT_SECONDARY);
    if (!this.#control.identity.connectWished) throw new CommandError(Status.NOT_WISHED);
    yield* this.core.state.control.commit((draft) => { draft.identity.connectWished = false; });
    yield* this.requester.stop(Status.LINK_LOST, 'the secondary was disconnected by command', 0n);
    this.requester.wishChanged();
  }

  /** Stops mirroring until `start`. With `access`, hosts may write to this secondary (rule 16). */
  *stop(access: boolean): Task {
    yield* this.#exclusively(this.#stop(access));
  }

  *#stop(access: boolean): Task {
    const { identity, consistent } = this.#control;
    if (identity.role === Role.STANDALONE) throw new CommandError(Status.NO_RELATIONSHIP);
    this.#refuseWhileJob();
    if (identity.role === Role.PRIMARY) {
      if (access) throw new CommandError(Status.ACCESS_AT_PRIMARY);
      if (identity.stopped) throw new CommandError(Status.ALREADY_STOPPED);
      yield* this.core.state.control.commit((draft) => { draft.identity.stopped = true; });
      yield* this.primary.stop(Status.STOPPED, 'the primary was stopped');
      return;
    }
    if (identity.stopped && (!access || this.#control.access)) throw new CommandError(Status.ALREADY_STOPPED);
    if (access && !consistent) throw new CommandError(Status.NOT_CONSISTENT);
    const forkId = access ? new DataView(newId(this.core.hal).buffer).getBigUint64(0) | 1n : 0n;
    yield* this.core.state.control.commit((draft) => { draft.identity.stopped = true; });
    yield* this.requester.stop(Status.STOPPED, 'the secondary was stopped', forkId);
    if (access) yield* this.#giveAccess(forkId);
    this.requester.wishChanged();
  }

  /** Only once the session has drained: until then the primary's writes still came in, and a resync may have begun. */
  *#giveAccess(forkId: bigint): Task {
    if (!this.#control.consistent) throw new CommandError(Status.NOT_CONSISTENT, 'the secondary is stopped; a synchronization had begun');
    yield* this.core.state.control.commit((draft) => {
      draft.access = true;
      draft.forkId = forkId;
    });
  }

  /** Mirrors again. What the secondary's hosts wrote must be given up by word. */
  *start(discardSecondary: boolean): Task {
    yield* this.#exclusively(this.#start(discardSecondary));
  }

  *#start(discardSecondary: boolean): Task {
    const { identity } = this.#control;
    const { state, hostWrites, volume } = this.core;
    if (identity.role === Role.STANDALONE) throw new CommandError(Status.NO_RELATIONSHIP);
    if (!identity.stopped) throw new CommandError(Status.NOT_STOPPED);
    if (identity.role === Role.PRIMARY) {
      yield* state.control.commit((draft) => { draft.identity.stopped = false; });
      return;
    }
    // Drained first, so that a write on its way is counted.
    yield* hostWrites.close();
    try {
      if (!discardSecondary) this.#refuseToDiscard();
      yield* volume.flush();
      yield* state.control.commit((draft) => {
        draft.identity.stopped = false;
        draft.access = false;
      });
    } finally {
      hostWrites.open();
    }
    this.requester.wishChanged();
  }

  #refuseToDiscard(): void {
    const { dirty } = this.core.state;
    if (this.#control.access && dirty.count > 0) throw new CommandError(Status.SECONDARY_HAS_WRITES, `${String(dirty.count)} grains`);
  }

  #refuseWhileJob(): void {
    if (this.jobs.running) throw new CommandError(Status.JOB_RUNNING);
  }

  *#exclusively(task: Task): Task {
    yield* this.#turn.acquire();
    try {
      yield* task;
    } finally {
      this.#turn.release();
    }
  }
}

function checkText(what: string, text: string, mostBytes: number): void {
  if (utf8Bytes(text) > mostBytes) throw new CommandError(Status.INVALID_FIELD, `${what} is longer than ${String(mostBytes)} bytes`);
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
