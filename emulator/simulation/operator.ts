import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { JobState, LinkState, RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { atMoment, slowNvram } from './misfortune.js';
import type { Random } from './random.js';
import type { AdminBody, SimCard } from './sim-card.js';
import type { Story } from './story.js';

/** How often a pair that is live is dissolved, to be established anew. */
const ANEW_CHANCE = 0.2;
const ANOTHER_T0_CHANCE = 0.15;
/** Of one that the primary refuses, for a reason that stays: copied all over the link, not from a medium. */
const CONVENTIONAL_CHANCE = 0.3;
/** A line that is lost comes back, and the primary may be started; these stay. */
const LASTING_REFUSALS: ReadonlySet<Status> = new Set([
  Status.WRONG_RELATIONSHIP, Status.WRONG_VOLUME, Status.WRONG_MEDIUM, Status.STALE_GENERATION, Status.STALE_SECONDARY, Status.OTHER_SECONDARY, Status.NOT_LOADED,
]);

/** After `start`: when the cards agree, and when the line is mended that failed then. */
const AGREEMENT_US = [2_000, 20_000] as const;
/** It flushes the disk before it commits. */
const START_TAKES_US = 800;
/** Of the primary, until a session has opened; and what the last of them takes to cross the line, at most. */
const OPENING_FRAMES = 6;
const CROSSING_US = 1500;
const REPAIR_US = [100_000, 2_000_000] as const;

/** An operator who wants the pair to be live takes the next step of the method (302 to 316), if it is time for one. */
export function nextStation(story: Story, random: Random): void {
  const { primary, secondary } = story.world;
  if (primary.components === undefined || secondary.components === undefined) return;
  const p = primary.status();
  const s = secondary.status();
  if (p.role === Role.STANDALONE || p.generation === 0n) {
    story.command(primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: random.chance(0.7) } });
    return;
  }
  if (s.role === Role.STANDALONE && random.chance(0.15)) {
    story.command(secondary, connect({ conventional: true, overwrite: true }));
    return;
  }
  if (s.linkState === LinkState.REFUSED && LASTING_REFUSALS.has(s.linkStatus)) {
    story.command(secondary, random.chance(CONVENTIONAL_CHANCE) ? connect({ conventional: true, overwrite: true }) : { case: 'dissolve', value: {} });
    return;
  }
  // Until a secondary is bound another T0 may be taken: whoever was loaded with the former one is refused then.
  const anotherT0 = p.state === RelationshipState.TRACKING && random.chance(ANOTHER_T0_CHANCE);
  const loads = s.state === RelationshipState.LOADING;
  if (s.role === Role.SECONDARY && s.generation === p.generation && !loads && !anotherT0) {
    if (!s.connectWished) story.command(secondary, connect({}));
    else if (story.synchronized && random.chance(ANEW_CHANCE)) dissolve(story);
    return;
  }
  const [sealed] = story.watch.images.sealedFor(p.generation).reverse();
  if (sealed !== undefined && !anotherT0) {
    if (s.job?.state !== JobState.RUNNING) story.command(secondary, { case: 'mediumLoad', value: { path: sealed, overwrite: true } });
  } else if (!story.watch.images.current) {
    story.command(primary, { case: 'flashCopyStart', value: {} });
  } else if (p.job?.state !== JobState.RUNNING) {
    story.command(primary, { case: 'mediumExport', value: { path: story.watch.images.exportPath ?? newPath(story) } });
  }
}

/**
 * An operator splits the pair, so that hosts write to the secondary, and gives their writes up again. While both
 * cards agree on what differs (rule 16) the line fails often.
 */
export function fork(story: Story, random: Random): void {
  const { secondary, link } = story.world;
  if (secondary.components === undefined) return;
  const { role, secondaryAccess } = secondary.status();
  if (role !== Role.SECONDARY) return;
  if (!secondaryAccess) {
    if (random.chance(0.3) && story.world.mayHappen('line')) accessWhileOpening(story, random);
    else story.command(secondary, { case: 'stop', value: { access: true } });
    if (random.chance(0.3)) startAtOnce(story, random);
  } else if (random.chance(0.5)) {
    story.otherHostWork(random);
  } else {
    story.command(secondary, { case: 'start', value: { discardSecondary: true } });
    if (!story.world.mayHappen('line')) return;
    story.later(random.between(...AGREEMENT_US), () => { link.cut(random.chance(0.5)); });
    story.later(random.between(...REPAIR_US), () => { link.restore(); });
  }
}

/** Access is given just when a session opens in which grains are out-of-sync: the secondary becomes inconsistent meanwhile (rules 12 and 16). */
function accessWhileOpening(story: Story, random: Random): void {
  const { primary, secondary, link } = story.world;
  link.cut(false);
  story.hostWork(random);
  story.later(random.between(...REPAIR_US), () => {
    link.restore();
    if (story.world.calm) return;
    // So that it has not committed everything at once.
    slowNvram(story, secondary, random);
    atMoment(story, primary, 'frame', random.below(OPENING_FRAMES), () => {
      story.later(random.below(CROSSING_US), () => {
        if (!story.world.calm) story.command(secondary, { case: 'stop', value: { access: true } });
      });
    });
  });
}

/** Somebody takes the access away that nobody has used, without a word of what hosts wrote, and in this instant they begin to (rule 16). */
function startAtOnce(story: Story, random: Random): void {
  const { secondary } = story.world;
  story.later(random.between(...AGREEMENT_US), () => {
    if (story.world.calm) return;
    story.command(secondary, { case: 'start', value: { discardSecondary: false } });
    for (let i = 0; i < 3; i += 1) {
      story.later(random.below(START_TAKES_US), () => {
        story.note();
        if (story.watch.volumes.secondaryHasAccess) story.otherHostWork(random);
      });
    }
  });
}

function dissolve(story: Story): void {
  story.watch.marks.reached('dissolved, to be established anew');
  for (const card of story.world.cards) story.command(card, { case: 'dissolve', value: {} });
}

/**
 * An operator takes any medium there is: of an older generation, an older T0, unsealed, damaged, of another pair. What
 * the secondary takes the primary has to refuse, unless it is the right one after all (rule 8).
 */
export function offerMedium(story: Story, random: Random): void {
  const { secondary, shelf } = story.world;
  if (secondary.components === undefined || shelf.size === 0) return;
  const { role, state, connectWished } = secondary.status();
  const loaded = role === Role.SECONDARY && state !== RelationshipState.LOADING;
  if (loaded && !connectWished) story.command(secondary, connect({}));
  else story.command(secondary, { case: 'mediumLoad', value: { path: random.pick([...shelf.keys()]), overwrite: random.chance(0.7) } });
}

/** An operator who does not know what to do. */
export function meddle(story: Story, random: Random): void {
  const card = random.pick(story.world.cards);
  story.command(card, random.pick(requestsFor(story, card, random)));
}

function requestsFor(story: Story, card: SimCard, random: Random): AdminBody[] {
  const path = random.pick([...story.world.shelf.keys(), newPath(story)]);
  const requests: AdminBody[] = [
    { case: 'stop', value: { access: false } },
    { case: 'start', value: { discardSecondary: random.chance(0.5) } },
    { case: 'disconnectPeer', value: {} },
    { case: 'flashCopyStop', value: {} },
    { case: 'flashCopyStart', value: {} },
    { case: 'mediumExport', value: { path } },
  ];
  if (random.chance(0.15)) requests.push({ case: 'dissolve', value: {} });
  // Hosts stay at the primary: it never becomes a secondary.
  if (card === story.world.primary) return requests;
  return [
    ...requests,
    { case: 'stop', value: { access: true } },
    { case: 'start', value: { discardSecondary: true } },
    connect({ conventional: random.chance(0.1), overwrite: random.chance(0.3) }),
    { case: 'mediumLoad', value: { path, overwrite: random.chance(0.5) } },
  ];
}

function connect(how: { readonly conventional?: boolean; readonly overwrite?: boolean }): AdminBody {
  return { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false, ...how } };
}

function newPath(story: Story): string {
  return `medium ${String(story.world.shelf.size + 1)}`;
}
