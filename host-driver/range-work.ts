import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { type Completion, Opcode } from '../protos/gen/grainlink/host/v1/host_pb.js';
import { CommandError } from './errors.js';
import { settled } from './settled.js';
import type { Submission, Work } from './work.js';

/** A range of the volume, and what to do with it. Offset and length in bytes, whole blocks. */
export interface Range {
  readonly opcode: Opcode.READ | Opcode.WRITE | Opcode.WRITE_ZEROES | Opcode.DISCARD;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly blockBytes: number;
  /** Longest part that one command may cover. */
  readonly maxCommandBytes: number;
  readonly fua: boolean;
  /** Where a read puts its data, and whence a write takes it: exactly as long as the range. */
  readonly memory: Uint8Array | undefined;
}

/**
 * A range, split into as many commands as it takes. After a failure it submits no more, but settles only when
 * what is in flight has come back: until then the card may still use the caller's memory.
 */
export class RangeWork implements Work {
  #submittedBytes = 0;
  #inFlight = 0;
  #failure: Error | undefined;
  readonly #end = settled<void>();

  constructor(private readonly range: Range) {
    this.#settleIfOver();
  }

  get end(): Promise<void> {
    return this.#end.promise;
  }

  next(): Submission | undefined {
    const { opcode, offsetBytes, lengthBytes, blockBytes, maxCommandBytes, fua, memory } = this.range;
    if (this.#allSubmitted()) return undefined;
    const from = this.#submittedBytes;
    const bytes = Math.min(maxCommandBytes, lengthBytes - from);
    this.#submittedBytes += bytes;
    this.#inFlight += 1;
    return {
      opcode,
      lba: BigInt((offsetBytes + from) / blockBytes),
      blocks: bytes / blockBytes,
      fua,
      admin: undefined,
      payload: opcode === Opcode.WRITE ? memory?.subarray(from, from + bytes) : undefined,
      dataBytes: memory === undefined ? 0 : bytes,
    };
  }

  completed(submission: Submission, completion: Completion, data: Uint8Array): void {
    this.#inFlight -= 1;
    if (completion.status !== Status.SUCCESS) this.#failure ??= new CommandError(completion.status, completion.detail);
    else if (this.range.opcode === Opcode.READ) this.#take(submission, data);
    this.#settleIfOver();
  }

  failed(error: Error): void {
    this.#failure ??= error;
    this.#end.reject(error);
  }

  #take(submission: Submission, data: Uint8Array): void {
    if (data.length !== submission.dataBytes) {
      const detail = `the card answered ${String(data.length)} bytes to a read of ${String(submission.dataBytes)}`;
      this.#failure ??= new CommandError(Status.PAYLOAD_MISMATCH, detail);
      return;
    }
    this.range.memory?.set(data, Number(submission.lba) * this.range.blockBytes - this.range.offsetBytes);
  }

  #allSubmitted(): boolean {
    return this.#failure !== undefined || this.#submittedBytes === this.range.lengthBytes;
  }

  #settleIfOver(): void {
    if (this.#inFlight > 0 || !this.#allSubmitted()) return;
    if (this.#failure === undefined) this.#end.resolve();
    else this.#end.reject(this.#failure);
  }
}
