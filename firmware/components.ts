import type { AdminHandlers } from './commands/admin.js';
import { adminHandlers } from './commands/handlers.js';
import { mailboxAdmin } from './commands/mailbox-admin.js';
import { RegisterView } from './commands/register-view.js';
import type { StatusSources } from './card-status.js';
import type { CardCore } from './core.js';
import { ErrorLog } from './error-log.js';
import { FlashCopy } from './flash-copy/flash-copy.js';
import type { Hal } from './hal.js';
import type { HostIo } from './host-io.js';
import { HostPort } from './host-port/host-port.js';
import { BufferPool } from './kernel/buffer-pool.js';
import type { EventLoop } from './kernel/event-loop.js';
import type { Task } from './kernel/pending.js';
import { RangeLocks } from './kernel/range-lock.js';
import { Gate } from './kernel/sync.js';
import { COPY_ON_WRITE_BUFFERS, MAX_TRANSFER_BYTES } from './limits.js';
import { LiveRegisters } from './live-registers.js';
import { MediumJobs } from './medium/jobs.js';
import type { DurableState } from './metadata/recovery.js';
import { Tracking } from './metadata/tracking.js';
import { HostVolume } from './remote-copy/host-volume.js';
import { LinkFrames } from './remote-copy/link-frames.js';
import { PeerLink } from './remote-copy/peer-link.js';
import { PrimaryRemoteCopy } from './remote-copy/primary.js';
import { Relationship } from './remote-copy/relationship.js';
import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { Requester } from './synchronization/requester.js';
import { Volume } from './volume/volume.js';

/** The components of the seed's figure 2, wired. Each stands on {@link CardCore}; none knows of this file. */
export class CardComponents {
  readonly core: CardCore;
  readonly tracking: Tracking;
  readonly flashCopy: FlashCopy;
  readonly primary: PrimaryRemoteCopy;
  readonly requester: Requester;
  readonly jobs: MediumJobs;
  /** The volume as hosts see it. */
  readonly io: HostIo;
  /** Administration, as the admin queue and the mailbox reach it. */
  readonly admin: AdminHandlers;
  readonly #link: PeerLink;
  readonly #hostPort: HostPort;

  constructor(loop: EventLoop, hal: Hal, state: DurableState) {
    const locks = new RangeLocks(loop);
    const volume = new Volume(loop, hal.volume, hal.nvram, state.written, locks, state.geometry.grainBytes);
    const core: CardCore = { loop, hal, state, volume, locks, hostWrites: new Gate(loop) };
    this.core = core;
    this.tracking = new Tracking(loop, state.dirty);
    this.flashCopy = new FlashCopy(core, new BufferPool(loop, hal.memory, COPY_ON_WRITE_BUFFERS, MAX_TRANSFER_BYTES));
    this.#link = new PeerLink(loop, hal.peer, hal.memory);
    const linkChanged = (): void => { registers.raise('LINK'); };
    this.primary = new PrimaryRemoteCopy(core, this.tracking, this.#link, linkChanged);
    this.requester = new Requester(core, this.#link, linkChanged);
    this.jobs = new MediumJobs(core, this.flashCopy, this.requester, () => { registers.raise('JOB'); });
    const relationship = new Relationship(core, this.flashCopy, this.primary, this.requester, this.jobs);
    const errors = new ErrorLog(hal.clock, (status) => { registers.errorLogged(status); });

    const status: StatusSources = {
      core,
      tracking: this.tracking,
      flashCopy: this.flashCopy,
      link: this.#link,
      primary: this.primary,
      requester: this.requester,
      errors,
      job: () => this.jobs.status,
      hostCommands: () => this.#hostPort.commandsCompleted,
      bootedAtMs: hal.clock.nowMs(),
    };
    this.io = new HostVolume(core, this.tracking, this.flashCopy, this.primary);
    this.admin = adminHandlers({ core, status, relationship });
    const registers = new RegisterView(hal.memory, new LiveRegisters(status, () => this.#hostPort.doorbells), mailboxAdmin(loop, this.admin), (line) => { hal.trace.event('register', line); });
    this.#hostPort = new HostPort({
      loop,
      port: hal.hosts,
      memory: hal.memory,
      trace: hal.trace,
      volumeBytes: volume.sizeBytes,
      io: this.io,
      admin: this.admin,
      registers,
      enabled: () => registers.enabled,
      partFailed: (status, detail) => { errors.add(status, detail); },
      completionPosted: () => { registers.raise('COMPLETION'); },
    });
    for (const finding of state.findings) errors.add(finding.status, finding.detail);
  }

  /** Opens the ports, last of all: nothing comes in before the card knows what it is. */
  *start(): Task {
    yield* this.flashCopy.recover();
    this.#link.start(new LinkFrames(this.primary, this.requester, this.core.hal.trace));
    this.requester.start();
    this.#hostPort.start();
  }

  /** A clean end: hosts are drained, the peer is told, everything is durable. */
  *shutdown(): Task {
    this.#hostPort.stopAccepting();
    yield* this.#hostPort.drain();
    yield* this.jobs.halt();
    yield* this.primary.stop(Status.LINK_LOST, 'the primary was shut down');
    yield* this.requester.stop(Status.LINK_LOST, 'the secondary was shut down', 0n);
    yield* this.core.volume.flush();
  }
}
