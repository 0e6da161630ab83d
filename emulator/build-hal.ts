import type { Clock, FramePort, Hal, PeerPort, Trace } from '../firmware/hal.js';
import type { CardStorage } from './card-storage.js';
import { Blake3Digest } from './parts/blake3-digest.js';
import { cryptoEntropy } from './parts/crypto-entropy.js';
import { heapMemory } from './parts/heap-memory.js';
import { fileMediumDrive } from './parts/medium-drive.js';

/** Puts the parts of one card together. */
export function buildHal(parts: {
  readonly storage: CardStorage;
  readonly clock: Clock;
  readonly hosts: FramePort;
  readonly peer: PeerPort;
  readonly trace: Trace;
}): Hal {
  const { nvram, volume, store, reserved } = parts.storage;
  return {
    clock: parts.clock,
    nvram,
    volume,
    store,
    reserved,
    medium: fileMediumDrive,
    hosts: parts.hosts,
    peer: parts.peer,
    memory: heapMemory,
    entropy: cryptoEntropy,
    digest: new Blake3Digest(),
    trace: parts.trace,
  };
}
