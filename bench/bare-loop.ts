import { type FileHandle, open } from 'node:fs/promises';
import { blake3 } from '@napi-rs/blake-hash';

const CHUNK_BYTES = 256 * 1024;

/**
 * The physical limit that an export or load is measured by: a plain Node loop which reads a file, hashes each
 * 256 KiB of it as the medium does, writes it to another file, and makes that durable.
 */
export async function readHashWrite(from: string, to: string): Promise<void> {
  const source = await open(from, 'r');
  const target = await open(to, 'w');
  try {
    await copy(source, target);
    await target.datasync();
  } finally {
    await source.close();
    await target.close();
  }
}

async function copy(source: FileHandle, target: FileHandle): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return;
    const chunk = buffer.subarray(0, bytesRead);
    blake3(chunk);
    await target.write(chunk);
  }
}
