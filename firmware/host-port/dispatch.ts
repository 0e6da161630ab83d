import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Command, Opcode } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { administer, type AdminHandlers } from '../commands/admin.js';
import { executeIo } from '../commands/execute-io.js';
import { CommandError, toCommandError } from '../errors.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { Signal } from '../kernel/sync.js';
import { MAX_HOST_COMMANDS } from '../limits.js';
import type { Finished } from './card-frames.js';
import { ADMIN_QUEUE, type HostCommand, type HostQueue, type HostSession } from './host-session.js';

export interface DispatchDeps {
  readonly loop: EventLoop;
  readonly admin: AdminHandlers;
  /** Whether I/O queues take commands: the register CONTROL.ENABLE. */
  readonly enabled: () => boolean;
  /** A command ended badly because a part of the card failed. */
  readonly partFailed: (status: Status, detail: string) => void;
  /** Something stands in the completion queue. */
  readonly posted: (session: HostSession, queue: HostQueue) => void;
}

const PART_FAILURES: ReadonlySet<Status> = new Set([Status.DISK_ERROR, Status.NVRAM_ERROR]);

/** Fetches commands from submission queues and carries each out in a task of its own. */
export class Dispatch {
  #running = 0;
  #completed = 0;
  #accepting = true;
  readonly #idle: Signal;

  constructor(private readonly deps: DispatchDeps) {
    this.#idle = new Signal(deps.loop);
  }

  /** Commands completed for hosts, well or badly, since boot. */
  get completed(): number {
    return this.#completed;
  }

  get accepting(): boolean {
    return this.#accepting;
  }

  /** From now on new commands are answered busy. */
  stopAccepting(): void {
    this.#accepting = false;
  }

  /** Waits until the commands in flight have ended, and their completions are with the port. */
  *drain(): Task {
    while (this.#running > 0) yield* this.#idle.next();
  }

  /**
   * Starts what the doorbell of the queue tells of, in the order of submission: each task takes its place in
   * the range locks before the next one starts, so overlapping writes run in that order (rule 10).
   */
  fetch(session: HostSession, queue: HostQueue): void {
    for (let entry = queue.submissions.fetch(); entry !== undefined; entry = queue.submissions.fetch()) {
      const refusal = this.#refusal(queue);
      if (refusal === undefined) {
        this.#running += 1;
        this.deps.loop.spawn('host command', this.#carryOut(session, queue, entry));
      } else {
        entry.release();
        this.#complete(session, queue, failed(entry.commandId, refusal));
      }
    }
  }

  #refusal(queue: HostQueue): CommandError | undefined {
    if (!this.#accepting) return new CommandError(Status.BUSY, 'the card is shutting down');
    if (queue.queue !== ADMIN_QUEUE && !this.deps.enabled()) return new CommandError(Status.BUSY, 'the register CONTROL.ENABLE is cleared');
    if (this.#running >= MAX_HOST_COMMANDS) return new CommandError(Status.BUSY, 'too many commands in flight');
    return undefined;
  }

  *#carryOut(session: HostSession, queue: HostQueue, entry: HostCommand): Task {
    let finished: Finished;
    try {
      finished = yield* queue.queue === ADMIN_QUEUE ? this.#administer(entry.command) : executed(session, entry);
    } catch (error) {
      finished = failed(entry.commandId, toCommandError(error));
    }
    if (PART_FAILURES.has(finished.status)) this.deps.partFailed(finished.status, finished.detail);
    entry.release();
    this.#running -= 1;
    this.#complete(session, queue, finished);
    if (this.#running === 0) this.#idle.signal();
  }

  *#administer({ commandId, opcode, admin }: Command): Task<Finished> {
    if (opcode !== Opcode.ADMIN || admin === undefined) {
      throw new CommandError(Status.UNKNOWN_COMMAND, `opcode ${String(opcode)} on the admin queue`);
    }
    const response = yield* administer(this.deps.admin, admin);
    return { commandId, status: response.status, detail: response.detail, admin: response };
  }

  #complete(session: HostSession, queue: HostQueue, finished: Finished): void {
    this.#completed += 1;
    if (!session.alive) {
      finished.data?.release();
      return;
    }
    queue.complete(finished);
    this.deps.posted(session, queue);
  }
}

function* executed(session: HostSession, { commandId, command, payload }: HostCommand): Task<Finished> {
  const data = yield* executeIo(session.io, command, payload);
  return { commandId, status: Status.SUCCESS, detail: '', ...(data === undefined ? undefined : { data }) };
}

export function failed(commandId: number, { status, detail }: CommandError): Finished {
  return { commandId, status, detail };
}
