import { create } from '@bufbuild/protobuf';
import { Role, Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { type CardStatus, CardStatusSchema, type JobStatus, type RelationshipState, type DiskState, type LinkState } from '../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from './core.js';
import type { ErrorLog } from './error-log.js';
import type { FlashCopy } from './flash-copy/flash-copy.js';
import type { Tracking } from './metadata/tracking.js';
import type { PeerLink } from './remote-copy/peer-link.js';
import type { PrimaryRemoteCopy } from './remote-copy/primary.js';
import { diskState, linkState, relationshipState, type SessionPhase } from './remote-copy/states.js';
import type { Requester } from './synchronization/requester.js';

export interface StatusSources {
  readonly core: CardCore;
  readonly tracking: Tracking;
  readonly flashCopy: FlashCopy;
  readonly link: PeerLink;
  readonly primary: PrimaryRemoteCopy;
  readonly requester: Requester;
  readonly errors: ErrorLog;
  readonly job: () => JobStatus | undefined;
  readonly hostCommands: () => number;
  readonly bootedAtMs: number;
}

/** The states that status and registers show. */
export interface States {
  readonly phase: SessionPhase;
  readonly relationship: RelationshipState;
  readonly disk: DiskState;
  readonly link: LinkState;
}

export function statesOf({ core, primary, requester, link }: Pick<StatusSources, 'core' | 'primary' | 'requester' | 'link'>): States {
  const control = core.state.control.current;
  const phase = primary.session?.phase ?? requester.session?.phase;
  return {
    phase,
    relationship: relationshipState(control, phase),
    disk: diskState(control, phase),
    link: linkState(control, phase, requester.state, link.listening),
  };
}

/** Grains that would have to be copied for the pair to be in sync, as far as this card knows. */
export function outOfSyncGrains({ core, tracking, requester }: Pick<StatusSources, 'core' | 'tracking' | 'requester'>): number {
  const { role } = core.state.control.current.identity;
  if (role === Role.STANDALONE) return 0;
  const { allDirty, suppressed } = core.state.control.current;
  return allDirty && !suppressed ? core.volume.grains : tracking.outOfSyncCount + (requester.session?.grainsToCome ?? 0);
}

export function cardStatus(sources: StatusSources): CardStatus {
  const { core, tracking, flashCopy, link, primary, requester, errors } = sources;
  const control = core.state.control.current;
  const { identity } = control;
  const states = statesOf(sources);
  const isSecondary = identity.role === Role.SECONDARY;
  const lastEnd = isSecondary ? requester.lastEnd : primary.lastEnd;
  const counters = isSecondary ? requester.counters : primary.counters;
  const job = sources.job();
  return create(CardStatusSchema, {
    role: identity.role,
    state: states.relationship,
    diskState: states.disk,
    linkState: states.link,
    generation: identity.generation,
    relationshipId: identity.relationshipId,
    secondaryName: identity.secondaryName,
    sizeBytes: identity.sizeBytes,
    grainBytes: identity.grainBytes,
    grainsTotal: BigInt(core.volume.grains),
    grainsOutOfSync: BigInt(outOfSyncGrains(sources)),
    grainsInIntent: BigInt(tracking.intentCount),
    grainsWritten: BigInt(core.state.written.count),
    flashCopyState: flashCopy.state(),
    flashCopyStoreGrains: BigInt(flashCopy.grainsInStore),
    flashCopyStoreCapacityGrains: BigInt(flashCopy.capacity),
    flashCopyExportedGrains: BigInt(Math.floor((core.state.position.current?.volumeOffsetBytes ?? 0) / core.volume.grainBytes)),
    flashCopyStatus: control.flashCopy?.ended ?? Status.UNSPECIFIED,
    ...(job === undefined ? {} : { job }),
    linkDataBytesSent: BigInt(link.counters.dataBytesSent),
    linkMetadataBytesSent: BigInt(link.counters.metadataBytesSent),
    linkDataBytesReceived: BigInt(link.counters.dataBytesReceived),
    linkMetadataBytesReceived: BigInt(link.counters.metadataBytesReceived),
    grainsSynchronized: BigInt(counters.grains),
    markerGrainsSynchronized: BigInt(counters.markers),
    connectWished: identity.connectWished,
    stopped: identity.stopped,
    peerAddress: identity.peerAddress,
    linkStatus: states.phase === undefined ? (lastEnd?.status ?? Status.SUCCESS) : Status.SUCCESS,
    linkDetail: states.phase === undefined ? (lastEnd?.detail ?? '') : '',
    secondaryAccess: control.access,
    diverged: control.forkId !== 0n || control.peerForkId !== 0n,
    allDirty: control.allDirty,
    suppressed: control.suppressed,
    errors: errors.entries.map(({ status, detail, atMs }) => ({ status, detail, atMs: BigInt(Math.round(atMs)) })),
    hostCommands: BigInt(sources.hostCommands()),
    uptimeMs: BigInt(Math.round(core.hal.clock.nowMs() - sources.bootedAtMs)),
  });
}
