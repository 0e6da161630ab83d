import { JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { Operation, PartName } from '../power.js';
import type { SimCard } from '../sim-card.js';
import type { Story } from '../story.js';
import { connectRequest, exportRequest } from './operations.js';

/** A station of a pair's life, from which operations are tried. */
export interface Station {
  readonly name: string;
  /** From which other it is reached; from blank cards if none. */
  readonly from?: string;
  /** Leads the pair there. It is saved when all is quiet, and both cards are switched off. */
  reach?(story: Story): void;
  /** Before the cards are switched on again. */
  prepare?(story: Story): void;
  /** After they came up: what is not durable and belongs to the station. */
  enter?(story: Story): void;
}

const GRAIN_BLOCKS = 8;
/** Before the first write of a job or a synchronization. */
const MOST_EVENTS = 5_000;

/** In the order in which they can be reached. */
export const STATIONS: readonly Station[] = [
  { name: 'fresh', reach: (story) => { writeGrains(story, 0, 1, 2, 3); } },
  {
    name: 'established',
    from: 'fresh',
    reach: (story) => {
      story.insist(story.world.primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: false } });
      writeGrains(story, 0);
    },
  },
  {
    name: 'T0 taken',
    from: 'established',
    reach: (story) => {
      story.insist(story.world.primary, { case: 'flashCopyStart', value: {} });
      writeGrains(story, 3);
    },
  },
  {
    name: 'exporting',
    from: 'T0 taken',
    enter: (story) => {
      story.command(story.world.primary, exportRequest(story));
      untilEffect(story, story.world.primary, 'medium');
    },
  },
  {
    name: 'sealed',
    from: 'T0 taken',
    reach: (story) => {
      story.insist(story.world.primary, exportRequest(story));
      untilJobEnds(story, story.world.primary);
      writeGrains(story, 2);
    },
  },
  {
    name: 'loading',
    from: 'sealed',
    enter: (story) => {
      load(story);
      untilEffect(story, story.world.secondary, 'volume');
    },
  },
  {
    name: 'seeded',
    from: 'sealed',
    reach: (story) => {
      load(story);
      untilJobEnds(story, story.world.secondary);
      writeGrains(story, 1);
    },
  },
  {
    name: 'synchronizing',
    from: 'seeded',
    enter: (story) => {
      story.command(story.world.secondary, connectRequest());
      untilEffect(story, story.world.secondary, 'volume');
    },
  },
  {
    name: 'live',
    from: 'seeded',
    reach: (story) => {
      story.insist(story.world.secondary, connectRequest());
      untilSynchronized(story);
    },
    enter: untilSynchronized,
  },
  {
    name: 'broken',
    from: 'live',
    reach: (story) => {
      untilSynchronized(story);
      story.world.link.cut(false);
      writeGrains(story, 2, 3);
    },
    prepare: ({ world }) => { world.link.cut(false); },
  },
  {
    name: 'both sides written',
    from: 'live',
    reach: (story) => {
      untilSynchronized(story);
      story.insist(story.world.secondary, { case: 'stop', value: { access: true } });
      writeGrains(story, 2);
      const { watch } = story;
      if (watch.volumes.secondaryHasAccess) watch.otherHosts.write(3 * GRAIN_BLOCKS, GRAIN_BLOCKS, true);
      story.until('the other hosts are answered', () => watch.otherHosts.underWay === 0);
    },
  },
  {
    name: 're-established',
    from: 'live',
    reach: (story) => {
      const { primary, secondary } = story.world;
      untilSynchronized(story);
      for (const card of [secondary, primary]) story.insist(card, { case: 'dissolve', value: {} });
      writeGrains(story, 3);
      story.insist(primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: true } });
      writeGrains(story, 0);
    },
  },
];

function writeGrains(story: Story, ...grains: number[]): void {
  const { hosts } = story.watch;
  for (const grain of grains) hosts.write(grain * GRAIN_BLOCKS, GRAIN_BLOCKS, true);
  story.until('hosts are answered', () => hosts.underWay === 0);
}

function load(story: Story): void {
  const path = [...story.world.shelf.keys()].at(-1) ?? '';
  story.command(story.world.secondary, { case: 'mediumLoad', value: { path, overwrite: true } });
}

function untilJobEnds(story: Story, card: SimCard): void {
  story.until('the job ends', () => card.status().job?.state === JobState.SUCCEEDED);
}

function untilSynchronized(story: Story): void {
  story.until('the pair is synchronized', () => story.synchronized);
}

/** Until a part has been written to for the first time. */
function untilEffect({ world }: Story, card: SimCard, part: PartName): void {
  const writes: Operation[] = [];
  const noteWrite = (operation: Operation): void => {
    if (operation.part === part && operation.kind === 'write') writes.push(operation);
  };
  card.power.onEffect = noteWrite;
  for (let left = MOST_EVENTS; writes.length === 0; left -= 1) {
    if (left === 0 || !world.deliver()) throw new Error(`${card.name} never writes to its ${part}`);
  }
  card.power.onEffect = undefined;
}
