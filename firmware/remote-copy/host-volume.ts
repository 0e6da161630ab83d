import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { FlashCopy } from '../flash-copy/flash-copy.js';
import type { HostIo } from '../host-io.js';
import { PartError, type Task, wait } from '../kernel/pending.js';
import { ZERO_PART_GRAINS } from '../limits.js';
import { isReadable } from '../metadata/control-store.js';
import type { Tracking, WriteMark } from '../metadata/tracking.js';
import type { GrainRange } from '../metadata/grain-map.js';
import type { Mirror } from './mirror.js';
import type { PrimaryRemoteCopy } from './primary.js';
import type { PrimarySession } from './primary-session.js';

/** A host write, or a part of one, in the two places where it has to be done. */
interface HostWrite {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly fua: boolean;
  local(): Task;
  remote(mirror: Mirror): Task<boolean>;
}

/**
 * The volume as hosts see it: every write, in every state, is either mirrored or tracked. The order of a
 * write's steps is the order of the rules: T0's old grain first (rule 6), then the bit (rule 2), then the
 * data, here and at the secondary together, then the completion (rule 4).
 */
export class HostVolume implements HostIo {
  constructor(
    private readonly core: CardCore,
    private readonly tracking: Tracking,
    private readonly flashCopy: FlashCopy,
    private readonly primary: PrimaryRemoteCopy,
  ) {}

  *read(offsetBytes: number, into: Uint8Array): Task {
    const { control } = this.core.state;
    for (;;) {
      if (!isReadable(control.current)) throw new CommandError(Status.READ_INCONSISTENT);
      const { timesUnreadable } = control;
      yield* this.core.volume.read(offsetBytes, into);
      // A synchronization may have begun meanwhile, and have changed some of it (rule 12), and even be over by now.
      if (control.timesUnreadable === timesUnreadable) return;
    }
  }

  *write(offsetBytes: number, from: Uint8Array, fua: boolean): Task {
    const { volume } = this.core;
    const write: HostWrite = {
      offsetBytes,
      lengthBytes: from.length,
      fua,
      local: () => volume.write(offsetBytes, from),
      remote: (mirror) => mirror.write(offsetBytes, from, fua),
    };
    yield* this.#inside(offsetBytes, from.length, [write]);
  }

  /** In parts, so that one long command does not open more intents than a map of a few lines. */
  *zero(offsetBytes: number, lengthBytes: number, fua: boolean): Task {
    const { volume } = this.core;
    const partBytes = ZERO_PART_GRAINS * volume.grainBytes;
    const parts: HostWrite[] = [];
    for (let at = 0; at < lengthBytes; at += partBytes) {
      const start = offsetBytes + at;
      const length = Math.min(partBytes, lengthBytes - at);
      parts.push({
        offsetBytes: start,
        lengthBytes: length,
        fua,
        local: () => volume.zero(start, length),
        remote: (mirror) => mirror.zero(start, length, fua),
      });
    }
    yield* this.#inside(offsetBytes, lengthBytes, parts);
  }

  /** Rule 4: durable here; and at the secondary, or its bits stay set as out-of-sync when the link is lost. */
  *flush(): Task {
    yield* this.core.state.control.settle();
    const session = this.primary.session;
    const remote = session?.mirroring === true ? this.core.loop.fork('mirror-flush', session.mirror.flush()) : undefined;
    try {
      yield* this.core.volume.flush();
    } finally {
      if (remote !== undefined) yield* wait(remote);
    }
  }

  *#inside(offsetBytes: number, lengthBytes: number, parts: readonly HostWrite[]): Task {
    yield* this.core.hostWrites.enter();
    try {
      yield* this.#locked(offsetBytes, lengthBytes, parts);
    } finally {
      this.core.hostWrites.leave();
    }
  }

  /** The whole range stays locked over all parts, so that overlapping commands keep their order (rule 10). */
  *#locked(offsetBytes: number, lengthBytes: number, parts: readonly HostWrite[]): Task {
    const { identity, access } = this.core.state.control.current;
    if (identity.role === Role.SECONDARY && !access) throw new CommandError(Status.WRITE_TO_SECONDARY);
    // Of what it is the card has to be sure: a cut must not find it to be something else that keeps no such write.
    yield* this.core.state.control.settle();
    const { volume, locks } = this.core;
    const range = volume.grainsOf(offsetBytes, lengthBytes);
    const lock = yield* volume.lockForWrite(offsetBytes, lengthBytes, this.#needsCopy(range));
    try {
      yield* this.#preserve(range);
      for (const part of parts) {
        if (identity.role === Role.STANDALONE) yield* this.#local(part);
        else yield* this.#trackedWrite(part, volume.grainsOf(part.offsetBytes, part.lengthBytes));
      }
    } finally {
      locks.release(lock);
    }
  }

  *#trackedWrite(write: HostWrite, range: GrainRange): Task {
    // Asked once the lock is held: before, a resync of the grain may still have been under way.
    const session = this.primary.session;
    const mark = yield* this.#mark(range, session);
    const mirrored = mark.length > 0 ? session : undefined;
    let whole = false;
    try {
      whole = yield* this.#localAndRemote(write, mirrored);
    } finally {
      this.tracking.after(range, mark, whole);
    }
  }

  *#mark(range: GrainRange, session: PrimarySession | undefined): Task<WriteMark> {
    try {
      return yield* this.tracking.before(range, () => session?.mirroring === true);
    } catch (error) {
      // Its grains are out-of-sync now, as far as memory says: only a new session looks for them.
      if (error instanceof PartError) session?.session.fail(error);
      throw error;
    }
  }

  /** @returns whether the write is now held by both cards. */
  *#localAndRemote(write: HostWrite, session: PrimarySession | undefined): Task<boolean> {
    if (session === undefined) {
      yield* this.#local(write);
      return false;
    }
    const remote = this.core.loop.fork('mirror', write.remote(session.mirror));
    try {
      yield* this.#local(write);
    } catch (error) {
      yield* wait(remote);
      // The cards differ now, so the pair has to synchronize anew.
      if (error instanceof PartError) session.session.fail(error);
      throw error;
    }
    return yield* wait(remote);
  }

  *#local(write: HostWrite): Task {
    yield* write.local();
    if (write.fua) yield* this.core.volume.flush();
  }

  #needsCopy(range: GrainRange): boolean {
    if (!this.flashCopy.active) return false;
    for (let grain = range.first; grain < range.first + range.grains; grain += 1) {
      if (this.flashCopy.needsCopy(grain)) return true;
    }
    return false;
  }

  *#preserve(range: GrainRange): Task {
    if (!this.flashCopy.active) return;
    for (let grain = range.first; grain < range.first + range.grains; grain += 1) {
      if (this.flashCopy.needsCopy(grain)) yield* this.flashCopy.preserve(grain);
    }
  }
}
