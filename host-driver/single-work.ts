import type { AdminRequest } from '../protos/gen/grainlink/host/v1/admin_pb.js';
import { type Completion, Opcode } from '../protos/gen/grainlink/host/v1/host_pb.js';
import { settled } from './settled.js';
import type { Submission, Work } from './work.js';

/** A flush: everything completed before it is durable when it completes. */
export function flushWork(): SingleWork {
  return new SingleWork(Opcode.FLUSH, undefined);
}

/** A request to the admin queue. */
export function adminWork(request: AdminRequest): SingleWork {
  return new SingleWork(Opcode.ADMIN, request);
}

/** One command without data. Its completion is the answer, whatever its status. */
export class SingleWork implements Work {
  #submission: Submission | undefined;
  readonly #answer = settled<Completion>();

  constructor(opcode: Opcode, admin: AdminRequest | undefined) {
    this.#submission = { opcode, lba: 0n, blocks: 0, fua: false, admin, payload: undefined, dataBytes: 0 };
  }

  get answer(): Promise<Completion> {
    return this.#answer.promise;
  }

  next(): Submission | undefined {
    const submission = this.#submission;
    this.#submission = undefined;
    return submission;
  }

  completed(_submission: Submission, completion: Completion): void {
    this.#answer.resolve(completion);
  }

  failed(error: Error): void {
    this.#answer.reject(error);
  }
}
