import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Command, Opcode } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Outcome } from './fake-outcome.js';

/** A volume in memory. What was never written reads as zeroes. */
export class FakeVolume {
  readonly blockBytes = 512;
  readonly maxTransferBytes = 64 * 1024;
  readonly maxZeroBlocks = 1024;
  readonly #bytes: Uint8Array;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  get volumeBlocks(): number {
    return this.sizeBytes / this.blockBytes;
  }

  execute(command: Command, payload: Uint8Array): Outcome {
    if (command.volume !== 0) return { status: Status.UNKNOWN_VOLUME };
    if (command.opcode === Opcode.FLUSH) return { status: Status.SUCCESS };
    const refusal = this.#refusal(command, payload);
    if (refusal !== undefined) return { status: refusal };
    const from = Number(command.lba) * this.blockBytes;
    const to = from + command.blocks * this.blockBytes;
    if (command.opcode === Opcode.READ) return { status: Status.SUCCESS, data: this.#bytes.slice(from, to) };
    if (command.opcode === Opcode.WRITE) this.#bytes.set(payload, from);
    else this.#bytes.fill(0, from, to);
    return { status: Status.SUCCESS };
  }

  #refusal({ opcode, lba, blocks }: Command, payload: Uint8Array): Status | undefined {
    const carriesData = opcode === Opcode.READ || opcode === Opcode.WRITE;
    const clears = opcode === Opcode.WRITE_ZEROES || opcode === Opcode.DISCARD;
    const lengthBytes = blocks * this.blockBytes;
    if (!carriesData && !clears) return Status.UNKNOWN_COMMAND;
    if (blocks === 0) return Status.INVALID_FIELD;
    if (carriesData && lengthBytes > this.maxTransferBytes) return Status.TRANSFER_TOO_LARGE;
    if (clears && blocks > this.maxZeroBlocks) return Status.TRANSFER_TOO_LARGE;
    if (lba + BigInt(blocks) > BigInt(this.volumeBlocks)) return Status.OUT_OF_RANGE;
    if (payload.length % this.blockBytes !== 0) return Status.MISALIGNED;
    if (opcode === Opcode.WRITE && payload.length !== lengthBytes) return Status.PAYLOAD_MISMATCH;
    return undefined;
  }
}
