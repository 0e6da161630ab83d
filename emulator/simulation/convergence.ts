import type { Control } from '../../firmware/metadata/control-store.js';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { JobState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { RuleBroken } from './rules.js';
import type { SimCard } from './sim-card.js';
import type { Story } from './story.js';

/** The requester, those of a session, and frames that are just being worked off. */
const TASKS_AT_REST = 8;

/** Faults have stopped: does what an operator would, until the pair is synchronized and quiet (rule 18). */
export function converge(story: Story): void {
  const { primary, cards, link } = story.world;
  for (const card of cards) story.boot(card);
  link.restore();
  // So that the cards learn of it: a pair that was synchronized has to become so once more.
  story.pass(1);
  story.until('the cards come up', () => cards.every((card) => card.components !== undefined));
  story.until('commands end', () => story.commandsUnderWay === 0 && story.watch.hosts.underWay === 0);
  story.until('jobs end', () => cards.every((card) => card.components?.jobs.status?.state !== JobState.RUNNING));
  const { role, generation, stopped } = primary.control.identity;
  if (role === Role.STANDALONE || generation === 0n) story.insist(primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: false } });
  if (mustReportDivergence(story)) story.until('the primary learns of the divergence', () => story.watch.primary.control?.peerForkId === story.watch.secondary.control?.forkId, 16);
  if (stopped) story.insist(primary, { case: 'start', value: { discardSecondary: false } });
  connect(story);
  story.until('the pair becomes synchronized', () => story.synchronized);
  story.until('the intents are swept', () => story.synchronized && cards.every((card) => card.components?.tracking.intentCount === 0));
  story.watch.note();
  story.watch.volumes.same();
  for (const card of cards) mustRest(card);
}

/** Rule 6: a T0 can be taken, whatever ended the former one. */
export function mustTakeT0(story: Story): void {
  if (!story.watch.images.current) story.insist(story.world.primary, { case: 'flashCopyStart', value: {} }, 6);
}

/** Rule 18: at rest a card has the tasks that its session keeps, and no others: whoever waits for something that never comes adds up. */
function mustRest(card: SimCard): void {
  const tasks = card.components?.core.loop.tasks ?? 0;
  if (tasks > TASKS_AT_REST) throw new RuleBroken(18, 'state', `${card.name} is at rest, and has ${String(tasks)} tasks`);
}

/** Rule 16: hosts may write to the secondary, which is told to be connected to the primary that knows it. */
function mustReportDivergence({ watch }: Story): boolean {
  const p = watch.primary.control;
  const s = watch.secondary.control;
  if (p === undefined || s?.access !== true || !s.identity.connectWished || !isKnown(p, s)) return false;
  watch.marks.reached('divergence reported to the primary');
  return true;
}

/** Whether this is the secondary of this primary: bound to it, or only seeded by its medium (rule 8). */
function isKnown(p: Control, s: Control): boolean {
  if (Buffer.compare(p.identity.relationshipId, s.identity.relationshipId) !== 0) return false;
  const [known, held] = p.identity.loadId.length > 0 ? [p.identity.loadId, s.identity.loadId] : [p.identity.mediumRoot, s.identity.mediumRoot];
  return known.length > 0 && Buffer.compare(known, held) === 0;
}

/**
 * Rules 8, 14 and 18: whether the primary has to let this secondary in without a command. A refusal would end in a copy
 * of everything, which hides it.
 */
function mustBeLetIn({ watch }: Story): boolean {
  const p = watch.primary.control;
  const s = watch.secondary.control;
  if (p === undefined || s?.identity.role !== Role.SECONDARY || s.loadState === LoadState.LOADING || !isKnown(p, s)) return false;
  const lostItsMap = s.allDirty && !s.suppressed && !s.conventional;
  if (p.identity.loadId.length > 0) return lostItsMap || s.identity.sessionCounter >= p.identity.sessionCounter;
  return !lostItsMap && s.identity.generation === p.identity.generation;
}

/** In the way of the method where the primary lets it, in the conventional way otherwise. */
function connect(story: Story): void {
  const { primary, secondary } = story.world;
  const { loadState, identity: { role, generation, stopped, connectWished } } = secondary.control;
  const holdsT0 = role === Role.SECONDARY && loadState !== LoadState.LOADING && generation === primary.control.identity.generation;
  const isOwn = mustBeLetIn(story);
  if (holdsT0 || isOwn) {
    if (stopped) story.insist(secondary, { case: 'start', value: { discardSecondary: true } });
    if (!connectWished) story.insist(secondary, { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } });
    if (isOwn) {
      story.until('the secondary that the primary knows is let in', () => secondary.components?.requester.session !== undefined, 8);
      return;
    }
    if (isLetIn(story)) return;
  }
  if (secondary.control.identity.role === Role.SECONDARY) story.insist(secondary, { case: 'dissolve', value: {} });
  story.insist(secondary, { case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
}

/** Waits for the primary's answer. A refusal (another load, an older generation) is one that stands. */
function isLetIn(story: Story): boolean {
  const { secondary } = story.world;
  const isIn = (): boolean => secondary.components?.requester.session !== undefined;
  const isRefused = (): boolean => !isIn() && ![undefined, Status.SUCCESS, Status.LINK_LOST].includes(secondary.components?.requester.lastEnd?.status);
  story.until('the secondary is let in, or refused', () => isIn() || isRefused());
  return isIn();
}
