import CRC32C from 'crc-32/crc32c.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileNvram } from '../../../emulator/parts/file-nvram.js';
import { encodeHeader, encodeLines, HEADER_BYTES, STORED_LINE_BYTES } from '../../../emulator/parts/nvram-file-format.js';
import { type Completion, NVRAM_LINE_BYTES, type NvramImage } from '../../../firmware/hal.js';
import { Finding, type Input, must, type Target } from '../target.js';
import { scratchDirectory } from './scratch.js';

const LINES = 10;
const SIZE_BYTES = LINES * NVRAM_LINE_BYTES;
const BOOT_ID = 'this boot';
const REPAIR_HEADER = 1;
const REPAIR_LINES = 2;
const CHECKED_HEADER_BYTES = 128;

/**
 * The file of an NVRAM of ten lines: what is repaired, then the header, then the lines. To repair is to put the
 * checksum right: of the header behind its 128 bytes, of lines whose part has the 64 bytes of a line.
 */
export const nvramFile: Target = {
  name: 'nvram-file',
  seeds: () => {
    const header = (clean: boolean, bootId: string): Uint8Array => encodeHeader({ sizeBytes: SIZE_BYTES, bootId, clean, doubtful: false }).slice(0, CHECKED_HEADER_BYTES);
    const lines = Array.from({ length: LINES }, (_, line) => new Uint8Array(NVRAM_LINE_BYTES).fill(line));
    const stored = lines.map((line, at) => storedLine(line, at));
    return [
      [Uint8Array.of(REPAIR_HEADER | REPAIR_LINES), header(true, ''), ...lines],
      [Uint8Array.of(REPAIR_HEADER), header(false, BOOT_ID), ...stored],
      [Uint8Array.of(REPAIR_HEADER | REPAIR_LINES), header(false, 'another boot'), ...lines.slice(0, 4)],
    ];
  },
  run: (input) => {
    const path = join(scratchDirectory(), 'nvram');
    writeFileSync(path, fileOf(input));
    const first = bootAndRepair(path);
    // What the firmware has dealt with is not reported again; nothing else is lost.
    const second = new FileNvram(path, SIZE_BYTES, BOOT_ID, { event: () => undefined });
    const again = second.powerUp();
    second.close(false);
    must(again.damagedLines.length === 0 && !again.doubtful, 'what was dealt with is reported again');
    must(Buffer.compare(again.bytes, first.bytes) === 0, 'it reads otherwise once it was repaired');
    const { damagedLines, doubtful } = first;
    const how = `${doubtful ? ' doubtful' : ''}${damagedLines.length > 0 ? ' with damage' : ''}`;
    return damagedLines.length < LINES ? `accepted${how}` : `refused${how}`;
  },
};

/** A boot: damaged lines are blanked, as the firmware does in the end. @returns what was found, as it is by then. */
function bootAndRepair(path: string): NvramImage {
  const nvram = new FileNvram(path, SIZE_BYTES, BOOT_ID, { event: () => undefined });
  try {
    const image = nvram.powerUp();
    for (const line of image.damagedLines) {
      must(line >= 0 && line < LINES, `line ${String(line)} is damaged`);
      image.bytes.fill(0, line * NVRAM_LINE_BYTES, (line + 1) * NVRAM_LINE_BYTES);
      nvram.persist(line * NVRAM_LINE_BYTES, image.bytes.slice(line * NVRAM_LINE_BYTES, (line + 1) * NVRAM_LINE_BYTES), mustSucceed);
    }
    nvram.recovered(mustSucceed);
    return image;
  } finally {
    nvram.close(false);
  }
}

const mustSucceed: Completion<void> = {
  succeed: () => undefined,
  fail: ({ text }) => { throw new Finding(text); },
};

function fileOf([repair = new Uint8Array(0), header = new Uint8Array(0), ...lines]: Input): Uint8Array {
  const what = repair[0] ?? 0;
  const content = Buffer.alloc(HEADER_BYTES);
  content.set(header.subarray(0, HEADER_BYTES));
  if ((what & REPAIR_HEADER) !== 0) putHeaderCheck(content);
  return Buffer.concat([content, ...lines.map((line, at) => ((what & REPAIR_LINES) !== 0 && line.length === NVRAM_LINE_BYTES ? storedLine(line, at) : line))]);
}

/** What the encoder would put behind this header. */
function putHeaderCheck(content: Buffer): void {
  content.writeInt32LE(CRC32C.buf(content.subarray(0, CHECKED_HEADER_BYTES)), CHECKED_HEADER_BYTES);
}

function storedLine(line: Uint8Array, at: number): Uint8Array {
  const stored = Buffer.alloc(STORED_LINE_BYTES);
  encodeLines(line, at, stored);
  return stored;
}
