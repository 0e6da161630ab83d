import type { Target } from '../target.js';
import { boardFile } from './board-file.js';
import { cardFrames } from './card-frames.js';
import { cobsFrames } from './cobs-frames.js';
import { controlBlock } from './control-block.js';
import { hostFrames } from './host-frames.js';
import { linkToPrimary, linkToSecondary } from './link-frames.js';
import { medium } from './medium.js';
import { mediumLoad } from './medium-load.js';
import { nvramFile } from './nvram-file.js';
import { nvramImage } from './nvram-image.js';
import { positions } from './positions.js';
import { storeIndex } from './store-index.js';
import { superblock } from './superblock.js';
import { varintFrames } from './varint-frames.js';

/** Every decoder of bytes that come from outside, or that a card finds at power-up. */
export const TARGETS: readonly Target[] = [
  varintFrames, cobsFrames, hostFrames, cardFrames, linkToPrimary, linkToSecondary, medium, mediumLoad,
  nvramFile, nvramImage, controlBlock, superblock, positions, storeIndex, boardFile,
];

export const TARGET_NAMES: readonly string[] = TARGETS.map(({ name }) => name);

export function targetNamed(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new RangeError(`there is no target "${name}"; there are ${TARGET_NAMES.join(', ')}`);
  return target;
}
