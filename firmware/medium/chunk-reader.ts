import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { MediumLabel } from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { CommandError } from '../errors.js';
import type { Digest } from '../hal.js';
import type { Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { MAX_TRANSFER_BYTES } from '../limits.js';
import type { Position } from '../metadata/position-store.js';
import { chainNext, type Chunk, chunkDigest, decodeChunk, MAX_CHUNK_BYTES } from './chunk-format.js';
import type { MediumStream } from './medium-stream.js';

const MAX_PREFIX_BYTES = 4;

/** Reads the chunks of a medium one after the other, and judges each. */
export class ChunkReader {
  #position: Position;

  constructor(
    private readonly stream: MediumStream,
    private readonly digest: Digest,
    private readonly label: MediumLabel,
    start: Position,
  ) {
    this.#position = start;
  }

  /** Behind the chunks that {@link accept} took. */
  get position(): Position {
    return this.#position;
  }

  /** Whether the chunks so far cover the volume. */
  get atEnd(): boolean {
    return this.#position.volumeOffsetBytes >= Number(this.label.sizeBytes);
  }

  /**
   * The next chunk; its payload is a view of the stream. It may still be damaged: see {@link faultOf}.
   *
   * @throws CommandError MEDIUM_DAMAGED when it is none, so that what follows cannot be found either;
   * MEDIUM_TRUNCATED, MEDIUM_ERROR.
   */
  *next(): Task<Chunk> {
    const at = this.#position.mediumOffsetBytes;
    const left = this.stream.endBytes - at;
    if (left === 0) throw this.damage('the chunks end before the volume does');
    yield* this.stream.arrived(at + Math.min(left, MAX_PREFIX_BYTES));
    const prefix = lengthPrefix(this.stream.view(at, Math.min(left, MAX_PREFIX_BYTES)));
    if (prefix === undefined || prefix.length > MAX_CHUNK_BYTES) throw this.damage('its length is impossible');
    const encodedBytes = prefix.bytes + prefix.length;
    if (encodedBytes > left) throw this.damage('it reaches past the end of the medium');
    yield* this.stream.arrived(at + encodedBytes);
    const chunk = decodeChunk(this.stream.view(at, encodedBytes), prefix.bytes);
    if (chunk === undefined) throw this.damage('it is not a chunk');
    return chunk;
  }

  /** What is wrong with a chunk, or undefined: it belongs here, and its digest holds. */
  faultOf(chunk: Chunk): string | undefined {
    const { volumeOffsetBytes, chunks } = this.#position;
    if (chunk.index !== chunks) return `it says that it is chunk ${String(chunk.index)}`;
    if (chunk.offsetBytes !== volumeOffsetBytes) return `it is of offset ${String(chunk.offsetBytes)}, not ${String(volumeOffsetBytes)}`;
    if (!this.#fits(chunk)) return 'it does not fit the volume';
    if (!sameBytes(chunkDigest(this.digest, chunk.index, chunk, chunk.payload), chunk.digest)) return 'its digest does not hold';
    return undefined;
  }

  accept(chunk: Chunk): void {
    const { mediumOffsetBytes, volumeOffsetBytes, chunks, chain } = this.#position;
    this.#position = {
      mediumOffsetBytes: mediumOffsetBytes + chunk.encodedBytes,
      // Not from the chunk, which a verification accepts though it be out of place.
      volumeOffsetBytes: volumeOffsetBytes + chunk.lengthBytes,
      chunks: chunks + 1,
      chain: chainNext(this.digest, chain, chunk.digest),
    };
  }

  /** Damage to the chunk that is next. */
  damage(what: string): CommandError {
    const { chunks, mediumOffsetBytes } = this.#position;
    return new CommandError(Status.MEDIUM_DAMAGED, `chunk ${String(chunks)} at byte ${String(mediumOffsetBytes)}: ${what}`);
  }

  /** A chunk stays within the volume, and does not divide a grain but for the size of a transfer. */
  #fits({ offsetBytes, lengthBytes, unwritten }: Chunk): boolean {
    const size = Number(this.label.sizeBytes);
    const grain = this.label.grainBytes;
    const end = offsetBytes + lengthBytes;
    if (end > size) return false;
    const wholeEnd = end === size || end % grain === 0;
    return unwritten ? offsetBytes % grain === 0 && wholeEnd : wholeEnd || lengthBytes === MAX_TRANSFER_BYTES;
  }
}

/** The varint at the start of a chunk, at most MAX_PREFIX_BYTES long. */
function lengthPrefix(bytes: Uint8Array): { length: number; bytes: number } | undefined {
  let length = 0;
  for (const [index, byte] of bytes.entries()) {
    length |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { length, bytes: index + 1 };
  }
  return undefined;
}
