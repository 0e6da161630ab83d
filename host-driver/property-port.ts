import { create } from '@bufbuild/protobuf';
import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type HostFrame,
  PropertyGetSchema,
  PropertySetSchema,
  type PropertyValue,
} from '../protos/gen/grainlink/host/v1/host_pb.js';
import type { Anomalies } from './anomalies.js';
import { CommandError } from './errors.js';
import type { Pace } from './pace.js';
import { type Settled, settled } from './settled.js';

interface Request {
  readonly requestId: number;
  readonly answer: Settled<PropertyValue>;
  readonly deadlineMs: number;
}

const REQUEST_ID_VALUES = 2 ** 32;

/** Reads and writes of the register space: one at a time, in the order of the calls, as over a bus. */
export class PropertyPort {
  #last: Promise<unknown> = Promise.resolve();
  #current: Request | undefined;
  #requestId = 0;
  #failure: Error | undefined;

  constructor(
    private readonly pace: Pace,
    private readonly anomalies: Anomalies,
    private readonly send: (body: HostFrame['body']) => void,
  ) {}

  /** @returns `lengthBytes` bytes at `offset`; they are the caller's. */
  async get(offset: number, lengthBytes: number): Promise<Uint8Array> {
    const { value } = await this.#inTurn(lengthBytes, (requestId) => {
      this.send({ case: 'propertyGet', value: create(PropertyGetSchema, { requestId, offset, lengthBytes }) });
    });
    if (value.length !== lengthBytes) {
      const detail = `the card answered ${String(value.length)} bytes to a register read of ${String(lengthBytes)}`;
      throw new CommandError(Status.PAYLOAD_MISMATCH, detail);
    }
    return value;
  }

  async set(offset: number, value: Uint8Array): Promise<void> {
    await this.#inTurn(value.length, (requestId) => {
      this.send({ case: 'propertySet', value: create(PropertySetSchema, { requestId, offset, value }) });
    });
  }

  received(value: PropertyValue): void {
    if (this.#current?.requestId === value.requestId) this.#current.answer.resolve(value);
    else this.anomalies.unexpectedFrames += 1;
  }

  /** Fails what is overdue. @returns whether something was. */
  expire(nowMs: number, error: Error): boolean {
    if (this.#current === undefined || this.#current.deadlineMs > nowMs) return false;
    this.#current.answer.reject(error);
    return true;
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#current?.answer.reject(error);
  }

  async #inTurn(dataBytes: number, send: (requestId: number) => void): Promise<PropertyValue> {
    const turn = this.#last.then(() => this.#request(dataBytes, send));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #request(dataBytes: number, send: (requestId: number) => void): Promise<PropertyValue> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#requestId = (this.#requestId + 1) % REQUEST_ID_VALUES;
    const answer = settled<PropertyValue>();
    this.#current = { requestId: this.#requestId, answer, deadlineMs: this.pace.deadlineMs(dataBytes) };
    send(this.#requestId);
    const value = await answer.promise.finally(() => {
      this.#current = undefined;
    });
    if (value.status !== Status.SUCCESS) throw new CommandError(value.status, value.detail);
    return value;
  }
}
