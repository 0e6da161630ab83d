import { StoreIndex } from '../../../firmware/flash-copy/store-index.js';
import { INDEX_ENTRY_BYTES } from '../../../firmware/metadata/nvram-layout.js';
import { must, type Target } from '../target.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { blankBoard, BoardLoop } from '../../firmware/support/board.js';
import { fillNvram } from '../../firmware/support/contents.js';
import { run } from '../../firmware/support/tasks.js';

const SLOTS = 32;
const GRAINS = 100;
const REGION = { offsetBytes: 0, lengthBytes: SLOTS * INDEX_ENTRY_BYTES };

/** The index of the FlashCopy store in NVRAM. */
export const storeIndex: Target = {
  name: 'store-index',
  seeds: () => [[new Uint8Array(0)], [entries([1, 2, GRAINS])], [entries([0, 7, 0, 9])], [entries(Array.from({ length: SLOTS }, (_, slot) => slot + 1))]],
  run: ([content = new Uint8Array(0)]) => {
    const board = blankBoard({ ...SMALL_GEOMETRY, nvramBytes: REGION.lengthBytes });
    fillNvram(board, 0, content.subarray(0, REGION.lengthBytes));
    const { nvram } = board;
    const loop = new BoardLoop(board);
    const open = (): StoreIndex => new StoreIndex(loop, nvram, REGION, nvram.content.bytes.slice(), SLOTS, GRAINS);
    const index = open();
    if (!index.load()) return 'refused';
    const used = usedSlots(index);
    must(used.size === index.size && [...used].every((slot) => slot < SLOTS), 'two grains in one slot, or one in none');
    // What is free can be used, and what is used never comes again.
    for (let slot = index.reserve(); slot !== undefined; slot = index.reserve()) {
      must(!used.has(slot), `slot ${String(slot)} is given out twice`);
      used.add(slot);
      run(loop, index.record(slot, grainWithout(index)));
    }
    must(used.size === SLOTS, 'a free slot is not given out');
    const again = open();
    must(again.load() && again.size === SLOTS, 'what was recorded is not there after a boot');
    return content.some((byte) => byte !== 0) ? 'accepted' : 'accepted, empty';
  },
};

function usedSlots(index: StoreIndex): Set<number> {
  const slots = new Set<number>();
  for (let grain = 0; grain < GRAINS; grain += 1) {
    const slot = index.slotOf(grain);
    if (slot !== undefined) slots.add(slot);
  }
  return slots;
}

function grainWithout(index: StoreIndex): number {
  let grain = 0;
  while (index.slotOf(grain) !== undefined) grain += 1;
  return grain;
}

function entries(values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
