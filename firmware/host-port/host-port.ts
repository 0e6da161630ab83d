import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { Command, Connect } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { AdminHandlers } from '../commands/admin.js';
import { CommandError } from '../errors.js';
import type { DmaMemory, FramePort, PortEvent, Trace } from '../hal.js';
import type { HostIo } from '../host-io.js';
import { BufferPool } from '../kernel/buffer-pool.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { ReceiveSlot, type Reception } from '../kernel/receive-slot.js';
import {
  BLOCK_BYTES,
  FRAME_BUFFER_BYTES,
  HOST_RECEIVE_BUFFERS,
  MAX_HOST_CONNECTIONS,
  MAX_TRANSFER_BYTES,
  MAX_UNSENT_ANSWERS,
  MAX_UNSENT_FRAMES_PER_HOST,
  READ_BUFFERS,
  SPARE_HOST_CONNECTIONS,
} from '../limits.js';
import { encodeCompletion } from './card-frames.js';
import { granted, grantedDepth, HOST_CONTRACT_VERSION, shuttingDown, tooManyConnections, transferLimit, unsupportedVersion } from './connect.js';
import { Dispatch, failed } from './dispatch.js';
import { Doorbells } from './doorbells.js';
import { hostLine, sendFrame } from './frame-sender.js';
import { decodeHostFrame, type DecodedHostFrame } from './host-frame.js';
import { abandonSession, type HostQueue, type HostSession, openSession, queueOf } from './host-session.js';
import { firstSlotOf, HostTable } from './host-table.js';
import { answerProperty, notConnected, type RegisterAccess } from './properties.js';
import { ReadShare } from './read-share.js';
import { watchStalls } from './stall-watch.js';

export interface HostPortDeps {
  readonly loop: EventLoop;
  readonly port: FramePort;
  readonly memory: DmaMemory;
  readonly trace: Trace;
  readonly volumeBytes: number;
  readonly io: HostIo;
  readonly admin: AdminHandlers;
  readonly registers: RegisterAccess;
  /** Whether I/O queues take commands: the register CONTROL.ENABLE. */
  readonly enabled: () => boolean;
  /** A command ended badly because a part of the card failed: for the error log. */
  readonly partFailed: (status: Status, detail: string) => void;
  /** A completion goes out: its interrupt. */
  readonly completionPosted: () => void;
}

const NO_PAYLOAD = new Uint8Array(0);

/**
 * Where hosts reach the card: capsules and register accesses, over whatever carries frames. It is started when
 * the card has recovered; a host that comes before waits for its answer, since nothing is read until then.
 */
export class HostPort {
  readonly doorbells: Doorbells;
  readonly #hosts = new HostTable();
  readonly #dispatch: Dispatch;
  readonly #readBuffers: BufferPool;
  /** Connections that have not said Connect yet, the oldest first. */
  readonly #silent = new Set<number>();
  /** Refusals on their way to connections that are closed after them. */
  #refusals = 0;

  constructor(private readonly deps: HostPortDeps) {
    this.doorbells = new Doorbells(this.#hosts);
    this.#readBuffers = new BufferPool(deps.loop, deps.memory, READ_BUFFERS, MAX_TRANSFER_BYTES);
    this.#dispatch = new Dispatch({
      loop: deps.loop,
      admin: deps.admin,
      enabled: deps.enabled,
      partFailed: deps.partFailed,
      posted: (session, queue) => { this.#sendCompletions(session, queue); },
    });
  }

  start(): void {
    const { loop, port, memory } = this.deps;
    const reception: Reception = { loop, port, name: 'receive from host', arrived: this.#arrived };
    for (let i = 0; i < HOST_RECEIVE_BUFFERS; i += 1) new ReceiveSlot(reception, memory.take(FRAME_BUFFER_BYTES)).post();
    loop.spawn('watch for stalled hosts', watchStalls(loop, this.#hosts, (session) => {
      this.#letGo(session, 'it takes none of the frames that wait for it');
    }));
  }

  /** Commands completed for hosts, well or badly, since boot. */
  get commandsCompleted(): number {
    return this.#dispatch.completed;
  }

  /** From now on new commands and new hosts are answered BUSY; what is in flight ends as usual. */
  stopAccepting(): void {
    this.#dispatch.stopAccepting();
  }

  /** Waits until no command is in flight; their completions are with the port then. */
  drain(): Task {
    return this.#dispatch.drain();
  }

  readonly #arrived = (event: PortEvent, slot: ReceiveSlot): void => {
    if (!this.#take(event, slot)) slot.post();
  };

  /** Returns whether a command keeps the buffer; it posts the slot when it is done with it. */
  #take(event: PortEvent, slot: ReceiveSlot): boolean {
    const { connection } = event;
    if (event.kind === 'opened') {
      this.deps.trace.event('host opened', `${String(connection)} from ${event.remote}`);
      this.#silent.add(connection);
      this.#makeRoom();
      return false;
    }
    const session = this.#hosts.of(connection);
    if (event.kind === 'closed') {
      this.deps.trace.event('host closed', `${String(connection)}: ${event.reason}`);
      this.#silent.delete(connection);
      if (session !== undefined) this.#forget(session);
      return false;
    }
    const frame = decodeHostFrame(slot.buffer.subarray(0, event.lengthBytes));
    if (frame === undefined) {
      this.deps.trace.event('host frame refused', `${String(event.lengthBytes)} bytes on ${String(connection)} are no HostFrame`);
      this.#disconnect(connection);
      return false;
    }
    if (frame.body.case === 'connect') {
      this.#connect(connection, frame.body.value);
      return false;
    }
    if (session === undefined) {
      this.#refuse(connection, notConnected(frame.body));
      return false;
    }
    return this.#request(session, frame, slot);
  }

  /** Before the port itself has to turn hosts away, who came first and has not said Connect gives way: silence must not keep hosts out. */
  #makeRoom(): void {
    const [first] = this.#silent;
    if (first === undefined || this.#hosts.sessions.length + this.#silent.size < MAX_HOST_CONNECTIONS + SPARE_HOST_CONNECTIONS) return;
    this.deps.trace.event('host let go', `${String(first)}: it never said Connect, and others wait`);
    this.#disconnect(first);
  }

  #connect(connection: number, connect: Connect): void {
    this.#silent.delete(connection);
    const before = this.#hosts.of(connection);
    const line = before?.line ?? hostLine(connection);
    // A serial line whose host connects again and again, faster than it takes the answers.
    if (line.unsent > MAX_UNSENT_FRAMES_PER_HOST) {
      this.#disconnect(connection);
      return;
    }
    if (before !== undefined) this.#forget(before);
    const place = this.#hosts.freePlace();
    if (connect.version !== HOST_CONTRACT_VERSION) this.#refuse(connection, unsupportedVersion(connect));
    else if (!this.#dispatch.accepting) this.#refuse(connection, shuttingDown(connect));
    else if (place === undefined) this.#refuse(connection, tooManyConnections(connect));
    else {
      const session = openSession(line, place, grantedDepth(connect.queueDepth), {
        io: this.deps.io,
        volumeBlocks: this.deps.volumeBytes / BLOCK_BYTES,
        maxTransferBytes: transferLimit(this.deps.port.maxPayloadBytes(connection)),
        readBuffers: new ReadShare(this.deps.loop, this.#readBuffers),
      });
      this.#hosts.put(session);
      this.#answer(session, granted(connect, session, firstSlotOf(place)));
    }
  }

  #request(session: HostSession, { body, payload }: DecodedHostFrame, slot: ReceiveSlot): boolean {
    if (body.case === 'command') return this.#submit(session, body.value, payload, slot);
    if (body.case !== 'connect') this.#answer(session, answerProperty(this.deps.registers, body));
    return false;
  }

  #submit(session: HostSession, command: Command, payload: Uint8Array, slot: ReceiveSlot): boolean {
    const { commandId } = command;
    const queue = queueOf(session, command.queue);
    if (queue === undefined) {
      const unknown = failed(commandId, new CommandError(Status.UNKNOWN_QUEUE, `queue ${String(command.queue)}`));
      this.#answer(session, encodeCompletion(command.queue, { finished: unknown, sqHead: 0, phase: false }));
      return false;
    }
    // Nothing but a payload is a view: without one the buffer is free again.
    const keeps = payload.length > 0;
    const release = keeps ? (): void => { slot.post(); } : (): void => undefined;
    const admission = queue.submit({ commandId, command, payload: keeps ? payload : NO_PAYLOAD, release });
    if (admission === 'admitted') {
      this.#dispatch.fetch(session, queue);
      return keeps;
    }
    const refusal =
      admission === 'queue-full'
        ? new CommandError(Status.QUEUE_FULL, `${String(queue.depth)} commands are in flight`)
        : new CommandError(Status.COMMAND_ID_IN_USE, String(commandId));
    if (queue.refuse(failed(commandId, refusal))) this.#sendCompletions(session, queue);
    else this.#letGo(session, 'it overruns its queue and does not read its completions');
    return false;
  }

  #sendCompletions(session: HostSession, queue: HostQueue): void {
    const { loop, port, completionPosted } = this.deps;
    for (let posted = queue.completions.take(); posted !== undefined; posted = queue.completions.take()) {
      const { data } = posted.finished;
      sendFrame(loop, port, session.line, encodeCompletion(queue.queue, posted), data?.payload, () => {
        data?.release();
        queue.sent();
        this.#sendCompletions(session, queue);
      });
      completionPosted();
    }
  }

  /** Sends what stands in no queue: register answers, and one answer to Connect. */
  #answer(session: HostSession, head: Uint8Array): void {
    if (session.unsentAnswers > MAX_UNSENT_ANSWERS) {
      this.#letGo(session, 'it asks on and takes no answers');
      return;
    }
    session.unsentAnswers += 1;
    sendFrame(this.deps.loop, this.deps.port, session.line, head, undefined, () => { session.unsentAnswers -= 1; });
  }

  /** Says why, then closes the connection. */
  #refuse(connection: number, head: Uint8Array): void {
    this.#silent.delete(connection);
    if (this.#refusals === MAX_HOST_CONNECTIONS) {
      this.#disconnect(connection);
      return;
    }
    this.#refusals += 1;
    sendFrame(this.deps.loop, this.deps.port, hostLine(connection), head, undefined, () => {
      this.#refusals -= 1;
      // Unless the host of a serial line has connected properly meanwhile.
      if (this.#hosts.of(connection) === undefined) this.deps.port.close(connection);
    });
  }

  #letGo(session: HostSession, reason: string): void {
    this.deps.trace.event('host let go', `${String(session.line.connection)}: ${reason}`);
    this.#disconnect(session.line.connection);
  }

  #disconnect(connection: number): void {
    this.#silent.delete(connection);
    const session = this.#hosts.of(connection);
    if (session !== undefined) this.#forget(session);
    this.deps.port.close(connection);
  }

  #forget(session: HostSession): void {
    this.#hosts.remove(session);
    abandonSession(session);
  }
}
