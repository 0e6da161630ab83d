/**
 * The only door out of the firmware: what a board's parts offer it.
 *
 * Each operation takes a {@link Completion}. A part settles it exactly once, now or later; settling
 * never runs firmware, it only appends to the card's completion ring, and the board steps the card.
 * Memory handed to a part belongs to it until the completion; memory read into is valid after it.
 */

/** Where a part reports how an operation ended. Settle once. */
export interface Completion<T> {
  succeed(value: T): void;
  fail(fault: PartFault): void;
}

/** Why a part could not do it. `text` is for people: one line, no stack. */
export interface PartFault {
  readonly part: CardPart;
  readonly kind: PartFaultKind;
  readonly text: string;
}

/** `disk` is the volume, the FlashCopy store and the superblock's place; `port` the host port and the peer port. */
export type CardPart = 'nvram' | 'disk' | 'medium' | 'port';

/**
 * - `io`: the device failed, or (a damaged NVRAM line, a bad sector) cannot be trusted.
 * - `not-found`, `exists`: a medium that is not there, or is there already.
 * - `truncated`: a read beyond the end of a medium.
 * - `closed`: the connection is gone.
 * - `no-space`: the device or the medium is full.
 */
export type PartFaultKind = 'io' | 'not-found' | 'exists' | 'truncated' | 'closed' | 'no-space';

/** Monotonic time. It drives timeouts and progress, and never decides safety. */
export interface Clock {
  nowMs(): number;
  /** Completes `delayMs` from now. Cancelling makes it never complete. */
  after(delayMs: number, done: Completion<void>): TimerHandle;
}

export interface TimerHandle {
  cancel(): void;
}

/** Bytes of one NVRAM line: the unit that is persisted, and the unit that damage takes away. */
export const NVRAM_LINE_BYTES = 64;

export interface NvramImage {
  /** Whole content. The firmware keeps it as its working copy; the part does not touch it again. */
  readonly bytes: Uint8Array;
  /** Lines whose check failed, ascending. Their bytes in `bytes` are meaningless. */
  readonly damagedLines: readonly number[];
  /** The machine restarted without a clean shutdown: lines that were not flushed may be old, though their check holds. */
  readonly doubtful: boolean;
}

/** Battery-backed memory, in lines of {@link NVRAM_LINE_BYTES}. */
export interface Nvram {
  readonly sizeBytes: number;
  /** Read once, at boot. */
  powerUp(): NvramImage;
  /**
   * Makes `lines` (whole lines, captured at the call) durable at `offsetBytes`: against a power cut of the card once
   * it completes, against the loss of the machine after {@link flush}. A cut before leaves each line old, new or
   * damaged. Two persists of one line take effect in the order of the calls.
   */
  persist(offsetBytes: number, lines: Uint8Array, done: Completion<void>): void;
  /**
   * The firmware has dealt with what `powerUp` reported: until then each further boot reports it again,
   * `doubtful` included.
   */
  recovered(done: Completion<void>): void;
  /** What has completed is durable also against the loss of the whole machine (`fdatasync`): part of FUA and flush, before the disk's. */
  flush(done: Completion<void>): void;
}

/** A block device. Offsets and lengths are multiples of {@link BLOCK_BYTES}. */
export interface Disk {
  readonly sizeBytes: number;
  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void;
  /** A power cut before the next flush leaves each block old or new. */
  write(offsetBytes: number, from: Uint8Array, done: Completion<void>): void;
  /** The range reads as zeroes afterwards; cheaper than writing them, and gives space back where the part can. */
  zero(offsetBytes: number, lengthBytes: number, done: Completion<void>): void;
  /** Everything completed before the call is durable when it completes. */
  flush(done: Completion<void>): void;
}

/** Where a portable medium (212) is put in. */
export interface MediumDrive {
  /** `create` fails with `exists` on a file that is there; `resume` opens it for writing; `read` for reading. */
  open(path: string, mode: 'create' | 'resume' | 'read', done: Completion<MediumFile>): void;
}

export interface MediumFile {
  /** Length at opening. */
  readonly lengthBytes: number;
  /** Fills `into`; fails with `truncated` where the medium ends before. */
  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void;
  /** Writes all of `from` (its parts, one after the other). */
  write(offsetBytes: number, from: readonly Uint8Array[], done: Completion<void>): void;
  /** Cuts the medium to this length: what an interrupted export left beyond its last durable position. */
  truncate(lengthBytes: number, done: Completion<void>): void;
  flush(done: Completion<void>): void;
  close(done: Completion<void>): void;
}

/** What a port tells: a connection came, a frame arrived in the receive buffer, a connection went. */
export type PortEvent =
  | { readonly kind: 'opened'; readonly connection: number; readonly remote: string }
  | { readonly kind: 'frame'; readonly connection: number; readonly lengthBytes: number; readonly wireBytes: number }
  | { readonly kind: 'closed'; readonly connection: number; readonly reason: string };

/**
 * A port that carries frames. Framing is the part's: what is not a frame never gets here, and a
 * connection whose stream cannot be brought back into step is closed.
 */
export interface FramePort {
  /**
   * Posts a buffer of {@link FRAME_BUFFER_BYTES} to the receive ring; completes with the next event,
   * in order. A frame stands at the start of the buffer. With no buffer posted the port stops reading:
   * that is the back-pressure. The buffer of an event without a frame comes back unused.
   */
  receive(buffer: Uint8Array, done: Completion<PortEvent>): void;
  /**
   * Sends one frame: `head`, then `payload`. Completes with the bytes put on the wire once the memory may
   * be used again. Frames of one connection go out in order. Sending to a closed connection fails `closed`.
   */
  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void;
  /** Ends the connection; its `closed` event still comes. On a serial line it only forgets what is queued. */
  close(connection: number): void;
  /** Largest payload sensible on this connection: a slow line wants short frames. */
  maxPayloadBytes(connection: number): number;
}

/** The online link (224): a frame port on which the secondary dials. */
export interface PeerPort extends FramePort {
  /** Whether the board has a port where primaries are found by their secondaries. */
  readonly listening: boolean;
  /** Completes with the connection, whose `opened` event comes as well. */
  dial(address: string, done: Completion<number>): void;
}

/** The board's memory for DMA. The firmware takes the same buffers in the same order after each power-up. */
export interface DmaMemory {
  /** Memory for one buffer. What it holds means nothing. */
  take(lengthBytes: number): Uint8Array;
}

/** Randomness for ids. The simulator's comes from its seed. */
export interface Entropy {
  fill(into: Uint8Array): void;
}

/** The card's hash block. Synchronous, as a hardware block that a small core waits for. */
export interface Digest {
  /** Bytes of a digest. */
  readonly digestBytes: number;
  /** BLAKE3 over the parts, one after the other. */
  digest(parts: readonly Uint8Array[]): Uint8Array;
  /** CRC-32C (Castagnoli), as an unsigned number. */
  crc32c(bytes: Uint8Array): number;
}

/** What the firmware tells whoever watches. Never read back. */
export interface Trace {
  event(name: string, detail: string): void;
}

export interface Hal {
  readonly clock: Clock;
  readonly nvram: Nvram;
  /** The volume: data (206 at the primary, 216 at the secondary). */
  readonly volume: Disk;
  /** The FlashCopy store: where a grain's T0 content goes before it is overwritten. */
  readonly store: Disk;
  /** A small reserved part of the disk, for the superblock. */
  readonly reserved: Disk;
  readonly medium: MediumDrive;
  readonly hosts: FramePort;
  readonly peer: PeerPort;
  readonly memory: DmaMemory;
  readonly entropy: Entropy;
  readonly digest: Digest;
  readonly trace: Trace;
}
