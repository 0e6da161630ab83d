import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { JobState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { NO_FAULTS } from './faults.js';
import type { PossibleContent } from './possible-content.js';
import type { ReusedMemory } from './reused-memory.js';
import { SimMedium } from './sim-medium.js';
import { Story } from './story.js';
import { World } from './world.js';

/** A medium that another pair exported. */
export interface ForeignMedium {
  readonly root: Uint8Array;
  /** What it holds, block by block. */
  readonly content: PossibleContent;
  /** A new one of the same content. */
  copy(): SimMedium;
}

const SEED = 0;
const PATH = 'medium of another pair';
/** All over the volume. */
const WRITES = 32;
/** Marks of its hosts are nobody else's. */
const FIRST_FOREIGN_MARK = 2 ** 29;

/** By what its cards are built with. */
const made = new Map<Geometry, ForeignMedium>();

/** The same in every scenario of a geometry, so made once for each. @param memories used again: no other world may be alive. */
export function foreignMedium(memories: readonly ReusedMemory[], geometry: Geometry): ForeignMedium {
  const known = made.get(geometry) ?? make(memories, geometry);
  made.set(geometry, known);
  return known;
}

function make(memories: readonly ReusedMemory[], geometry: Geometry): ForeignMedium {
  const world = new World({ seed: SEED, faults: NO_FAULTS, memories, geometry });
  world.begin();
  const story = new Story(world, 'rules', { firstMark: FIRST_FOREIGN_MARK });
  const { primary } = world;
  story.until('the cards come up', () => world.cards.every((card) => card.components !== undefined));
  const { hosts } = story.watch;
  for (let block = 0; block < hosts.model.blocks; block += hosts.model.blocks / WRITES) hosts.write(Math.floor(block), 9, true);
  story.until('the hosts have written', () => hosts.underWay === 0);
  story.insist(primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: true } });
  story.insist(primary, { case: 'mediumExport', value: { path: PATH } });
  story.until('the medium is sealed', () => primary.status().job?.state === JobState.SUCCEEDED);
  const bytes = world.shelf.get(PATH)?.bytes.slice();
  const root = story.watch.primary.control?.identity.mediumRoot;
  if (bytes === undefined || root === undefined) throw new Error('the other pair exported no medium');
  return {
    root,
    content: hosts.model.contentNow(),
    copy: () => {
      const medium = new SimMedium();
      medium.damage(() => bytes.slice());
      return medium;
    },
  };
}
