import type { AdminBody } from '../sim-card.js';
import type { Story } from '../story.js';

/** Something that hosts, operators or the line do. What cannot be done where it is asked for is refused, or has no effect. */
export interface Operation {
  readonly name: string;
  /** Begins it, and does not wait. */
  start(story: Story): void;
}

/** Where writes go: grains 1 and 2, of eight blocks each. */
const GRAIN_ONE = 8;
const GRAIN_BLOCKS = 8;

/** The alphabet. */
export const OPERATIONS: readonly Operation[] = [
  // A grain as a whole; in the cache of the disk until a flush.
  { name: 'write', start: (story) => { write(story, GRAIN_ONE, GRAIN_BLOCKS, false); } },
  { name: 'partial write', start: (story) => { write(story, GRAIN_ONE + 1, 3, true); } },
  // Of the grain that the others write to, and of the next.
  { name: 'overlapping write', start: (story) => { write(story, GRAIN_ONE + 2, GRAIN_BLOCKS, false); } },
  {
    name: 'flush',
    start: ({ watch }) => {
      watch.hosts.flush();
      if (watch.volumes.secondaryHasAccess) watch.otherHosts.flush();
    },
  },
  { name: 'discard', start: ({ watch }) => { watch.hosts.zero(GRAIN_ONE + 4, GRAIN_BLOCKS + 4, false); } },
  { name: 'establish', start: (story) => { story.command(story.world.primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: true } }); } },
  { name: 'T0', start: (story) => { story.command(story.world.primary, { case: 'flashCopyStart', value: {} }); } },
  { name: 'export step', start: (story) => { story.command(story.world.primary, exportRequest(story)); } },
  { name: 'load step', start: (story) => { story.command(story.world.secondary, { case: 'mediumLoad', value: { path: newestMedium(story), overwrite: true } }); } },
  { name: 'connect', start: (story) => { story.command(story.world.secondary, connectRequest()); } },
  // Synchronization goes on by itself: nothing else happens meanwhile.
  { name: 'sync step', start: () => undefined },
  { name: 'link cut', start: ({ world }) => { world.link.cut(false); } },
  { name: 'access', start: (story) => { story.command(story.world.secondary, { case: 'stop', value: { access: true } }); } },
  { name: 'start', start: (story) => { story.command(story.world.secondary, { case: 'start', value: { discardSecondary: true } }); } },
];

/** Writes at the primary, and at a secondary that has access. */
function write({ watch }: Story, firstBlock: number, blocks: number, fua: boolean): void {
  watch.hosts.write(firstBlock, blocks, fua);
  if (watch.volumes.secondaryHasAccess) watch.otherHosts.write(firstBlock + GRAIN_BLOCKS, blocks, fua);
}

export function exportRequest({ watch, world }: Story): AdminBody {
  return { case: 'mediumExport', value: { path: watch.images.exportPath ?? `medium ${String(world.shelf.size + 1)}` } };
}

export function connectRequest(): AdminBody {
  return { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } };
}

function newestMedium({ world }: Story): string {
  return [...world.shelf.keys()].at(-1) ?? 'no medium';
}
