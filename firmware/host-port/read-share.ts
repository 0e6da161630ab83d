import type { ReadBuffers } from '../commands/io-command.js';
import type { BufferPool } from '../kernel/buffer-pool.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { Semaphore } from '../kernel/sync.js';
import { READ_BUFFERS_PER_HOST } from '../limits.js';

/** One host's share of the read buffers. */
export class ReadShare implements ReadBuffers {
  readonly #share: Semaphore;

  constructor(
    loop: EventLoop,
    private readonly pool: BufferPool,
  ) {
    this.#share = new Semaphore(loop, READ_BUFFERS_PER_HOST);
  }

  *acquire(): Task<Uint8Array> {
    yield* this.#share.acquire();
    return yield* this.pool.acquire();
  }

  release(buffer: Uint8Array): void {
    this.pool.release(buffer);
    this.#share.release();
  }
}
