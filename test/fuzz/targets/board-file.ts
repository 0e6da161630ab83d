import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { BOARD_FILE, readBoardFile, writeBoardFile } from '../../../emulator/board-file.js';
import { EmulatorError } from '../../../emulator/errors.js';
import { type Geometry, geometryError, layoutOf } from '../../../firmware/metadata/nvram-layout.js';
import { must, type Target } from '../target.js';
import { scratchDirectory } from './scratch.js';

/** The content of a board.json. */
export const boardFile: Target = {
  name: 'board-file',
  seeds: () => [
    [Buffer.from(JSON.stringify({ formatVersion: 1, model: 'grainlink emulated card', ...SMALL_GEOMETRY }))],
    [Buffer.from(JSON.stringify({ formatVersion: 1, sizeBytes: 2 ** 40, grainBytes: 2 ** 20, nvramBytes: 2 ** 21, storeBytes: 2 ** 38 }))],
  ],
  run: ([content = new Uint8Array(0)]) => {
    const directory = scratchDirectory();
    writeFileSync(join(directory, BOARD_FILE), content);
    let geometry: Geometry;
    try {
      geometry = readBoardFile(directory);
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      must(error.code === 'CARD_DIRECTORY_DAMAGED', `refused with ${error.code}`);
      return `refused ${kindOf(error, directory)}`;
    }
    must(geometryError(geometry) === undefined, 'an impossible card was accepted');
    const { t0Index } = layoutOf(geometry);
    must(t0Index.offsetBytes + t0Index.lengthBytes <= geometry.nvramBytes, 'the layout does not fit NVRAM');
    writeBoardFile(directory, geometry);
    must(JSON.stringify(readBoardFile(directory)) === JSON.stringify(geometry), 'what was accepted reads otherwise once it is written');
    return 'accepted';
  },
};

/** Without what the input has in it, of which there is no end. */
function kindOf({ message }: EmulatorError, directory: string): string {
  return message.replace(directory, '').replace(/cannot be read \([^)]*\).*/s, 'cannot be read').replace(/\d+/g, '#');
}
