import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readIntoBuffer } from '../../../emulator/parts/read-buffer.js';
import { pattern, same, until } from '../support.js';

describe('reading an accepted socket into a fixed buffer', () => {
  it('hands over every byte, stops when told to, and ends', async () => {
    const content = pattern(1_000_000, 1);
    const chunks: Buffer[] = [];
    const buffers = new Set<ArrayBufferLike>();
    let ended = false;
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      const own = readIntoBuffer(socket, 4096, {
        take: (chunk) => {
          buffers.add(chunk.buffer);
          chunks.push(Buffer.from(chunk));
          if (chunks.length % 10 !== 0) return true;
          setImmediate(() => { own.resume(); });
          return false;
        },
        target: () => undefined,
      });
      own.on('end', () => { ended = true; });
      own.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.end(content);
    await until(() => ended);
    server.close();
    expect(same(Buffer.concat(chunks), content)).toBe(true);
    expect(buffers.size).toBe(1);
  });

  it('reads to where its reader wants the bytes', async () => {
    const content = pattern(100_000, 2);
    const memory = new Uint8Array(content.length);
    let filledBytes = 0;
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      readIntoBuffer(socket, 16, {
        take: (chunk) => {
          if (chunk.buffer === memory.buffer) filledBytes += chunk.length;
          return true;
        },
        target: () => (filledBytes < memory.length ? memory.subarray(filledBytes) : undefined),
      }).resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    connect((server.address() as AddressInfo).port, '127.0.0.1').end(content);
    await until(() => filledBytes === content.length);
    server.close();
    expect(same(memory, content)).toBe(true);
  });

  it('does it with data events where Node hides the handle', async () => {
    const stream = new PassThrough();
    const chunks: Uint8Array[] = [];
    readIntoBuffer(stream as unknown as Socket, 4096, {
      take: (chunk) => {
        chunks.push(chunk);
        return false;
      },
      target: () => undefined,
    });
    stream.write(pattern(10, 1));
    await until(() => chunks.length === 1);
    stream.write(pattern(10, 2));
    expect(stream.isPaused()).toBe(true);
    stream.resume();
    await until(() => chunks.length === 2);
  });
});
