import { afterEach, describe, expect, test, vi } from 'vitest';
import { GrainMap } from '../../../../firmware/metadata/grain-map.js';
import { RelationshipState } from '../../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { type Cuts, Explorer } from '../../../../emulator/simulation/exhaustive/explorer.js';
import { finishMethod } from '../../../../emulator/simulation/exhaustive/finish-method.js';
import { OPERATIONS, type Operation } from '../../../../emulator/simulation/exhaustive/operations.js';
import { passThrough } from '../../../../emulator/simulation/exhaustive/passage.js';
import { begin, type SavedStation, saveStations } from '../../../../emulator/simulation/exhaustive/saved-station.js';
import { TriedStates } from '../../../../emulator/simulation/exhaustive/tried-states.js';
import type { Story } from '../../../../emulator/simulation/story.js';
import { ReusedMemory } from '../../../../emulator/simulation/reused-memory.js';

const pair = (): ReusedMemory[] => [new ReusedMemory(), new ReusedMemory()];
const newExplorer = (cuts: Cuts = 'all'): Explorer => new Explorer([pair(), pair(), pair()], 'rules', cuts, new TriedStates(TriedStates.memoryFor(10_000)));
const SEED = 77;

function named<T>(list: readonly T[], nameOf: (one: T) => string, name: string): T {
  const found = list.find((one) => nameOf(one) === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

const operation = (name: string): Operation => named(OPERATIONS, (one) => one.name, name);
const station = (explorer: Explorer, name: string): SavedStation => named(explorer.stations, (one) => one.station.name, name);

afterEach(() => { vi.restoreAllMocks(); });

test('each station is what it is called', () => {
  const memories = pair();
  const states = saveStations(memories, 'rules').map((saved) => {
    const { world } = begin(saved, SEED, memories, 'rules');
    const [p, s] = world.cards.map((card) => RelationshipState[card.status().state]);
    return `${saved.station.name}: ${String(p)}, ${String(s)}`;
  });
  expect(states).toEqual([
    'fresh: NONE, NONE',
    'established: TRACKING, NONE',
    'T0 taken: TRACKING, NONE',
    'exporting: TRACKING, NONE',
    'sealed: TRACKING, NONE',
    'loading: TRACKING, LOADING',
    'seeded: TRACKING, SEEDED',
    'synchronizing: INCONSISTENT_COPYING, INCONSISTENT_COPYING',
    'live: CONSISTENT_SYNCHRONIZED, CONSISTENT_SYNCHRONIZED',
    'broken: CONSISTENT_DISCONNECTED, CONSISTENT_DISCONNECTED',
    'both sides written: IDLING_DISCONNECTED, IDLING',
    're-established: TRACKING, NONE',
  ]);
});

test('after a cut the method goes on: the export is resumed, and the secondary gets T0', () => {
  const memories = pair();
  const story = begin(named(saveStations(memories, 'rules'), (saved) => saved.station.name, 'exporting'), SEED, memories, 'rules');
  for (const card of story.world.cards) story.cut(card, false);
  finishMethod(story);
  expect(story.world.cards.map((card) => RelationshipState[card.status().state])).toEqual(['TRACKING', 'SEEDED']);
  expect(story.watch.marks.counts).toMatchObject({ 'medium sealed': 1, 'medium loaded': 1 });
});

test('an export that was asked for before its T0 was there goes on where it went', () => {
  const memories = pair();
  const story = begin(named(saveStations(memories, 'rules'), (saved) => saved.station.name, 'established'), SEED, memories, 'rules');
  const { world, watch } = story;
  story.command(world.primary, { case: 'flashCopyStart', value: {} });
  story.command(world.primary, { case: 'mediumExport', value: { path: 'somewhere' } });
  expect([watch.images.current, watch.images.exportPath]).toEqual([false, undefined]);
  // Not for long: the export ends it.
  while (!watch.images.current) story.pass(1);
  expect(watch.images.exportPath).toBe('somewhere');
});

test('the power may also go while NVRAM persists something, which tears it', () => {
  const memories = pair();
  const live = named(saveStations(memories, 'rules'), (saved) => saved.station.name, 'live');
  const underWay = { before: 0, after: 0 };
  const count = ({ world }: Story): number => Number(world.secondary.power.unsettled.some(({ part }) => part === 'nvram'));
  passThrough(live, { operations: [operation('access')], startsAfter: [0] }, memories, 'rules', {
    beforeEffect: (story) => { underWay.before += count(story); },
    afterEffect: (story) => {
      underWay.after += count(story);
      return true;
    },
  });
  expect(underWay.before).toBeGreaterThan(underWay.after);
});

describe('Explorer', () => {
  test('tries a second operation at each effect of the first, and cuts the power at each point, the same each time', () => {
    const runs = [0, 1].map(() => {
      const explorer = newExplorer();
      return explorer.explore(station(explorer, 'broken'), [operation('partial write'), operation('flush')]);
    });
    expect(runs[0]).toEqual(runs[1]);
    const { counts, failures } = runs[0] ?? { counts: undefined, failures: [] };
    expect(failures).toEqual([]);
    expect(counts?.passages).toBeGreaterThan(2);
    expect(counts?.points).toBeGreaterThan(counts?.passages ?? 0);
    expect(counts?.newStates).toBeGreaterThan(5);
    expect(counts?.crashStates).toBeGreaterThan(counts?.newStates ?? 0);
  });

  test('does not try a crash state again that it has met', () => {
    const explorer = newExplorer();
    const from = station(explorer, 'broken');
    expect(explorer.explore(from, [operation('flush')]).counts.newStates).toBeGreaterThan(0);
    expect(explorer.explore(from, [operation('flush')]).counts.newStates).toBe(0);
  });

  test('with the cuts of both cards alone, cuts again in the recoveries from two operations too', () => {
    const [both, all] = (['both', 'all'] as const).map((cuts) => {
      const explorer = newExplorer(cuts);
      return explorer.explore(station(explorer, 'broken'), [operation('partial write'), operation('flush')]);
    });
    expect([both?.counts.oneSidedCuts, both?.failures]).toEqual([0, []]);
    expect(all?.counts.oneSidedCuts).toBeGreaterThan(0);
    expect(both?.counts.newStates).toBeGreaterThan(all?.counts.newStates ?? 0);
  });

  // From the T0 to the load T0 stands for the secondary.
  test.each([['T0 taken', 'both cards'], ['sealed', 'both cards'], ['broken', 'nothing']])('finds a firmware that does not set bits (rule 1), and says where: %s', (name, cut) => {
    const explorer = newExplorer();
    const from = station(explorer, name);
    // eslint-disable-next-line @typescript-eslint/no-empty-function -- it does nothing: that is what is broken about it.
    vi.spyOn(GrainMap.prototype, 'set').mockImplementation(function* () {});
    const { failures } = explorer.explore(from, [operation('write')]);
    expect(failures[0]).toMatchObject({ station: name, operations: ['write'], startsAfter: [0], rule: 1 });
    expect(failures.map((failure) => failure.cut).some((found) => found.startsWith(cut))).toBe(true);
    expect(failures[0]?.recent.length).toBeGreaterThan(0);
  });
});
