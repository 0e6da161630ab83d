import type { DmaMemory } from '../hal.js';
import type { EventLoop } from './event-loop.js';
import type { Task } from './pending.js';
import { Semaphore } from './sync.js';

/** A fixed number of DMA buffers of one size. Who finds none waits: that is the back-pressure. */
export class BufferPool {
  readonly #free: Uint8Array[] = [];
  readonly #room: Semaphore;

  constructor(
    loop: EventLoop,
    memory: DmaMemory,
    readonly count: number,
    readonly bufferBytes: number,
  ) {
    for (let i = 0; i < count; i += 1) this.#free.push(memory.take(bufferBytes));
    this.#room = new Semaphore(loop, count);
  }

  *acquire(): Task<Uint8Array> {
    yield* this.#room.acquire();
    const buffer = this.#free.pop();
    if (buffer === undefined) throw new Error('a buffer pool gave out more than it has');
    return buffer;
  }

  release(buffer: Uint8Array): void {
    if (this.#free.length === this.count) throw new Error('a buffer came back twice');
    this.#free.push(buffer);
    this.#room.release();
  }
}
