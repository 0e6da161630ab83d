import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { CHAIN_BYTES, PositionStore } from '../../../firmware/metadata/position-store.js';
import { must, type Target } from '../target.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { blankBoard, BoardLoop } from '../../firmware/support/board.js';
import { fillNvram } from '../../firmware/support/contents.js';
import { run } from '../../firmware/support/tasks.js';

const REGIONS = [
  { offsetBytes: 0, lengthBytes: NVRAM_LINE_BYTES },
  { offsetBytes: NVRAM_LINE_BYTES, lengthBytes: NVRAM_LINE_BYTES },
] as const;

/** The two lines of NVRAM that say how far an export or load has come. */
export const positions: Target = {
  name: 'positions',
  // An even sequence stands in the first line, an odd one in the second.
  seeds: () => [[line(2n, 16_384n), line(1n, 8192n)], [line(2n, 16_384n), line(3n, 20_480n)], [new Uint8Array(0), line(1n, 8192n)]],
  run: (input) => {
    const board = blankBoard({ ...SMALL_GEOMETRY, nvramBytes: 2 * NVRAM_LINE_BYTES });
    const { nvram } = board;
    REGIONS.forEach((region, index) => { fillNvram(board, region.offsetBytes, (input[index] ?? new Uint8Array(0)).subarray(0, region.lengthBytes)); });
    const loop = new BoardLoop(board);
    const { current, sparedBytes } = new PositionStore(loop, nvram, REGIONS, nvram.content.bytes.slice());
    if (current === undefined) {
      must(sparedBytes === 0, 'without a position something is spared');
      return 'refused';
    }
    if (!standAsWritten(nvram.content.bytes)) return 'accepted, but never written so';
    // The next position counts after a boot, with the one before it behind.
    const next = { mediumOffsetBytes: 1, volumeOffsetBytes: 2, chunks: 3, chain: new Uint8Array(CHAIN_BYTES).fill(4) };
    run(loop, new PositionStore(loop, nvram, REGIONS, nvram.content.bytes.slice()).advance(next));
    const after = new PositionStore(loop, nvram, REGIONS, nvram.content.bytes.slice());
    must(JSON.stringify(after.current) === JSON.stringify(next), 'the position that was written last does not count');
    must(after.sparedBytes === current.volumeOffsetBytes, 'the older position is not the one before');
    return sparedBytes > 0 ? 'accepted, two' : 'accepted, one';
  },
};

/** Each line's check counts its place, so that nothing else comes to stand in it: of what no card writes no more is asked than that it reads. */
function standAsWritten(lines: Uint8Array): boolean {
  const view = new DataView(lines.buffer, lines.byteOffset, lines.byteLength);
  return REGIONS.every(({ offsetBytes }, index) => {
    const sequence = view.getBigUint64(offsetBytes, true);
    const numbers = [0, 8, 16, 24].map((at) => view.getBigUint64(offsetBytes + at, true));
    return sequence === 0n || (sequence % 2n === BigInt(index) && numbers.every((value) => value < BigInt(Number.MAX_SAFE_INTEGER)));
  });
}

function line(sequence: bigint, volumeOffsetBytes: bigint): Uint8Array {
  const bytes = new Uint8Array(NVRAM_LINE_BYTES);
  const view = new DataView(bytes.buffer);
  [sequence, 20_000n, volumeOffsetBytes, 5n].forEach((value, index) => { view.setBigUint64(index * 8, value, true); });
  bytes.fill(0xc4, NVRAM_LINE_BYTES - CHAIN_BYTES);
  return bytes;
}
