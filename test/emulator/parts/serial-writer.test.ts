import { describe, expect, it } from 'vitest';
import { SerialWriter } from '../../../emulator/parts/serial-writer.js';
import { encodeCobsFrame } from '../../../protos/framing/cobs-frames.js';
import { Faulted, pattern, settled } from '../support.js';

/** A port that takes a frame when the test says so. */
class ReluctantPort {
  readonly taken: Uint8Array[] = [];
  #done: ((error: Error | null | undefined) => void) | undefined;

  write(frame: Uint8Array, done: (error: Error | null | undefined) => void): void {
    if (this.#done !== undefined) throw new Error('the port has a frame already');
    this.taken.push(frame);
    this.#done = done;
  }

  answer(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}

function bench(): { port: ReluctantPort; writer: SerialWriter; send: (head: Uint8Array, payload?: Uint8Array) => Promise<number> } {
  const port = new ReluctantPort();
  const writer = new SerialWriter(port);
  return { port, writer, send: (head, payload) => settled<number>((done) => { writer.send(head, payload, done); }) };
}

describe('a serial writer', () => {
  it('gives the port one frame at a time, in order, and tells what each took', async () => {
    const { port, send } = bench();
    const [first, second] = [pattern(10, 1), pattern(20, 2)];
    const sends = [send(first), send(second, pattern(300, 3))];
    expect(port.taken).toEqual([encodeCobsFrame([first])]);
    port.answer();
    expect(port.taken[1]).toEqual(encodeCobsFrame([second, pattern(300, 3)]));
    port.answer();
    expect(await Promise.all(sends)).toEqual(port.taken.map(({ length }) => length));
  });

  it('leaves one frame with a port that takes nothing, however many connections came and went', async () => {
    const { port, writer, send } = bench();
    const sends: Promise<number>[] = [];
    for (let connection = 0; connection < 50; connection += 1) {
      sends.push(send(pattern(200, connection)), send(pattern(100, connection)));
      writer.forget('the connection is over');
    }
    const ends = await Promise.allSettled(sends);
    expect(ends.every((end) => end.status === 'rejected' && end.reason instanceof Faulted && end.reason.fault.kind === 'closed')).toBe(true);
    expect(port.taken).toHaveLength(1);

    const next = send(pattern(7, 7));
    port.answer();
    port.answer();
    expect(await next).toBe(encodeCobsFrame([pattern(7, 7)]).length);
    expect(port.taken).toEqual([encodeCobsFrame([pattern(200, 0)]), encodeCobsFrame([pattern(7, 7)])]);
  });

  it('fails a frame that the port could not take', async () => {
    const { port, send } = bench();
    const sent = send(pattern(10, 1));
    port.answer(new Error('the device is gone'));
    await expect(sent).rejects.toThrow('closed: the device is gone');
  });
});
