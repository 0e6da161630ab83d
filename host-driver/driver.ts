import type { AdminRequest, AdminResponse } from '../protos/gen/grainlink/host/v1/admin_pb.js';
import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { Opcode } from '../protos/gen/grainlink/host/v1/host_pb.js';
import type { CardRegisterName } from '../protos/registers/card-registers.js';
import { AdminVerbs } from './admin-verbs.js';
import type { Anomalies } from './anomalies.js';
import { connect as connectTo } from './connect.js';
import { CommandError, type ConnectionLostError } from './errors.js';
import { type Geometry, geometryOf } from './geometry.js';
import { shakeHands } from './handshake.js';
import { DEFAULT_QUEUE_DEPTH, DEFAULT_TIMEOUT_MS, MAX_QUEUE_DEPTH, MAX_TIMEOUT_MS } from './limits.js';
import { Mailbox } from './mailbox.js';
import { type Range, RangeWork } from './range-work.js';
import { type RegisterReading, RegisterWindow } from './register-window.js';
import { Session } from './session.js';
import { adminWork, flushWork, type SingleWork } from './single-work.js';
import type { Transport } from './transport.js';

export interface ConnectOptions {
  /** Commands in flight wished for the I/O queue; the card may grant fewer. */
  readonly queueDepth?: number;
  /** How long connecting, and then any single command, may take. */
  readonly timeoutMs?: number;
}

export interface WriteOptions {
  /** Force unit access: settles only when the data is durable. */
  readonly fua?: boolean;
}

/**
 * A connection to a card.
 *
 * Offsets and lengths are in bytes, and have to be whole blocks. Ranges longer than one command may be are
 * split. Calls are submitted in their order, each wholly before the next: of two writes that overlap, the
 * one called last wins. No more than the granted depth is in flight; what is beyond waits, so a caller that
 * awaits its calls is held back with the card.
 *
 * All methods reject with CommandError when the card refuses (the connection goes on), and with
 * ConnectionLostError or TimeoutError when the connection is over (it stays so; connect anew), and
 * with RangeError, before anything is sent, for arguments that can mean nothing. A range that is not in
 * whole blocks, or not on the volume, is refused as the card would, also before anything is sent: of a
 * range that is split, the card would carry out the parts before the one that it refuses.
 */
export class HostDriver extends AdminVerbs {
  readonly #registers: RegisterWindow;
  readonly #mailbox: Mailbox;

  private constructor(
    private readonly session: Session,
    readonly geometry: Geometry,
    timeoutMs: number,
  ) {
    super();
    this.#registers = new RegisterWindow(session.properties);
    this.#mailbox = new Mailbox(this.#registers, timeoutMs);
  }

  /**
   * Opens a connection, over a transport that the driver then owns, or to an address as {@link connectTo} takes it.
   * @throws CommandError when the card refuses, ConnectionLostError or TimeoutError when there is none.
   */
  static async connect(target: Transport | string, options: ConnectOptions = {}): Promise<HostDriver> {
    const { queueDepth = DEFAULT_QUEUE_DEPTH, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    mustBeWhole('queueDepth', queueDepth, 1, MAX_QUEUE_DEPTH);
    mustBeWhole('timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS);
    const transport = typeof target === 'string' ? await connectTo(target, timeoutMs) : target;
    try {
      const connected = await shakeHands(transport, queueDepth, timeoutMs);
      const geometry = geometryOf(connected, queueDepth, transport.maxPayloadBytes);
      return new HostDriver(new Session(transport, geometry, timeoutMs), geometry, timeoutMs);
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /** Resolves, with the reason, when the connection is over. */
  get ended(): Promise<ConnectionLostError> {
    return this.session.ended;
  }

  /** What the card sent that it should not have, so far. */
  get anomalies(): Readonly<Anomalies> {
    return this.session.anomalies;
  }

  /** Reads into memory of its own. */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    // Before memory is taken for it.
    this.#mustBeOnVolume(offsetBytes, lengthBytes);
    const target = new Uint8Array(lengthBytes);
    await this.readInto(offsetBytes, target);
    return target;
  }

  /** Fills `target`. What it holds after a failure is not defined. */
  readInto(offsetBytes: number, target: Uint8Array): Promise<void> {
    return this.#transfer(Opcode.READ, offsetBytes, target, false);
  }

  /** Writes `data`, which is not copied: it must stay as it is until the promise settles. */
  write(offsetBytes: number, data: Uint8Array, options: WriteOptions = {}): Promise<void> {
    return this.#transfer(Opcode.WRITE, offsetBytes, data, options.fua ?? false);
  }

  /** Makes durable everything that completed before the call. */
  async flush(): Promise<void> {
    const work = flushWork();
    this.session.ioQueue.enqueue(work);
    const { status, detail } = await work.answer;
    if (status !== Status.SUCCESS) throw new CommandError(status, detail);
  }

  /** The range reads as zeroes afterwards. */
  writeZeroes(offsetBytes: number, lengthBytes: number, options: WriteOptions = {}): Promise<void> {
    return this.#clear(Opcode.WRITE_ZEROES, offsetBytes, lengthBytes, options.fua ?? false);
  }

  /** The range is no longer needed. As {@link writeZeroes}, and may give space back. */
  discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#clear(Opcode.DISCARD, offsetBytes, lengthBytes, false);
  }

  async admin(request: AdminRequest): Promise<AdminResponse> {
    const work: SingleWork = adminWork(request);
    this.session.adminQueue.enqueue(work);
    const { status, detail, admin } = await work.answer;
    if (admin === undefined) throw new CommandError(status, detail);
    return admin;
  }

  /**
   * Reads a register by its name in the map, or the word at an offset.
   * @param index which one, where a name stands for an array.
   */
  readRegister(which: CardRegisterName | number, index = 0): Promise<bigint> {
    return this.#registers.read(which, index);
  }

  /** Writes a register of 32 bits; what that does depends on its access word. */
  writeRegister(which: CardRegisterName | number, value: number | bigint, index = 0): Promise<void> {
    return this.#registers.write(which, value, index);
  }

  /** Every register of the map, in its order; those that reading would change are listed without a value. */
  readRegisters(): Promise<RegisterReading[]> {
    return this.#registers.readAll();
  }

  /** Sends a request through the registers' mailbox; the answer is returned whatever its status. */
  mailbox(request: AdminRequest): Promise<AdminResponse> {
    return this.#mailbox.exchange(request);
  }

  /** Ends the connection. Whatever is in flight rejects with ConnectionLostError. */
  close(): void {
    this.session.close();
  }

  #transfer(opcode: Opcode.READ | Opcode.WRITE, offsetBytes: number, memory: Uint8Array, fua: boolean): Promise<void> {
    const { maxTransferBytes } = this.geometry;
    return this.#submit({ opcode, offsetBytes, lengthBytes: memory.length, maxCommandBytes: maxTransferBytes, fua, memory });
  }

  #clear(opcode: Opcode.WRITE_ZEROES | Opcode.DISCARD, offsetBytes: number, lengthBytes: number, fua: boolean): Promise<void> {
    const { maxZeroBytes } = this.geometry;
    return this.#submit({ opcode, offsetBytes, lengthBytes, maxCommandBytes: maxZeroBytes, fua, memory: undefined });
  }

  /** A command that finds room is on its way when the call returns: nothing is awaited before. */
  async #submit(range: Omit<Range, 'blockBytes'>): Promise<void> {
    this.#mustBeOnVolume(range.offsetBytes, range.lengthBytes);
    const { blockBytes } = this.geometry;
    const work = new RangeWork({ ...range, blockBytes });
    this.session.ioQueue.enqueue(work);
    await work.end;
  }

  #mustBeOnVolume(offsetBytes: number, lengthBytes: number): void {
    const { blockBytes, volumeBytes } = this.geometry;
    mustBeWhole('offsetBytes', offsetBytes, 0, Number.MAX_SAFE_INTEGER);
    mustBeWhole('lengthBytes', lengthBytes, 0, Number.MAX_SAFE_INTEGER);
    const range = `offset ${String(offsetBytes)}, length ${String(lengthBytes)}`;
    if (offsetBytes % blockBytes !== 0 || lengthBytes % blockBytes !== 0) {
      throw new CommandError(Status.MISALIGNED, `${range}, blocks of ${String(blockBytes)}`);
    }
    if (offsetBytes + lengthBytes > volumeBytes) {
      throw new CommandError(Status.OUT_OF_RANGE, `${range}; the volume has ${String(volumeBytes)}`);
    }
  }
}

function mustBeWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} has to be a whole number from ${String(least)} to ${String(most)}, and is ${String(value)}`);
}
