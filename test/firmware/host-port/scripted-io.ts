import type { HostIo } from '../../../firmware/host-io.js';
import type { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { type Pending, type Task, wait } from '../../../firmware/kernel/pending.js';

/** A volume in memory whose operations a test can hold up, and whose calls it can look at. */
export class ScriptedIo implements HostIo {
  readonly calls: string[] = [];
  readonly content: Uint8Array;
  /** While set, each operation waits, until the test lets it go on. */
  holding = false;
  /** What every operation throws, if anything. */
  failure: Error | undefined;
  readonly #held: Pending<void>[] = [];

  constructor(
    private readonly loop: EventLoop,
    sizeBytes: number,
  ) {
    this.content = new Uint8Array(sizeBytes);
  }

  get held(): number {
    return this.#held.length;
  }

  /** Lets the operation go on that began first, second… of those held. */
  letGo(which = 0): void {
    const [pending] = this.#held.splice(which, 1);
    if (pending === undefined) throw new Error('no operation is held');
    pending.succeed();
  }

  letAllGo(): void {
    this.holding = false;
    while (this.#held.length > 0) this.letGo();
  }

  *read(offsetBytes: number, into: Uint8Array): Task {
    yield* this.#begin(`read ${String(offsetBytes)} ${String(into.length)}`);
    into.set(this.content.subarray(offsetBytes, offsetBytes + into.length));
  }

  *write(offsetBytes: number, from: Uint8Array, fua: boolean): Task {
    yield* this.#begin(`write ${String(offsetBytes)} ${String(from.length)}${fua ? ' fua' : ''}`);
    this.content.set(from, offsetBytes);
  }

  *zero(offsetBytes: number, lengthBytes: number, fua: boolean): Task {
    yield* this.#begin(`zero ${String(offsetBytes)} ${String(lengthBytes)}${fua ? ' fua' : ''}`);
    this.content.fill(0, offsetBytes, offsetBytes + lengthBytes);
  }

  *flush(): Task {
    yield* this.#begin('flush');
  }

  *#begin(call: string): Task {
    this.calls.push(call);
    if (this.holding) {
      const pending = this.loop.pending<void>();
      this.#held.push(pending);
      yield* wait(pending);
    }
    if (this.failure !== undefined) throw this.failure;
  }
}
