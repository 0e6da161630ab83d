import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type CardStatus,
  DiskState,
  FlashCopyState,
  JobKind,
  JobState,
  type JobStatus,
  LinkState,
  RelationshipState,
} from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName, statusSentence } from '../../protos/status/sentences.js';
import { enumWord } from './enum-words.js';
import { generationText, idText } from './ids.js';

/** The document of `status --json`. Sizes in bytes; all of it fits a JavaScript number. */
export type StatusJson = ReturnType<typeof statusJson>;

export function statusJson(status: CardStatus) {
  const outOfSyncGrains = Number(status.grainsOutOfSync);
  const grainsTotal = Number(status.grainsTotal);
  const synchronized = Number(status.grainsSynchronized);
  const isSecondary = status.role === Role.SECONDARY;
  return {
    role: enumWord(Role, status.role),
    state: enumWord(RelationshipState, status.state),
    diskState: enumWord(DiskState, status.diskState),
    generation: generationText(status.generation),
    relationshipId: idText(status.relationshipId),
    secondaryName: status.secondaryName,
    sizeBytes: Number(status.sizeBytes),
    grainBytes: status.grainBytes,
    grainsTotal,
    grainsWritten: Number(status.grainsWritten),
    outOfSyncGrains,
    intentGrains: Number(status.grainsInIntent),
    // The last grain may be short; a volume is never out-of-sync by more than its size.
    outOfSyncBytes: Math.min(outOfSyncGrains * status.grainBytes, Number(status.sizeBytes)),
    percentInSync: percentDown(grainsTotal - outOfSyncGrains, grainsTotal),
    flashCopy: {
      state: enumWord(FlashCopyState, status.flashCopyState),
      storeGrains: Number(status.flashCopyStoreGrains),
      storeCapacityGrains: Number(status.flashCopyStoreCapacityGrains),
      exportedGrains: Number(status.flashCopyExportedGrains),
      percentExported: percentDown(Number(status.flashCopyExportedGrains), grainsTotal),
      error: errorJson(status.flashCopyStatus, ''),
    },
    link: {
      state: enumWord(LinkState, status.linkState),
      peerAddress: status.peerAddress === '' ? null : status.peerAddress,
      connectWished: status.connectWished,
      dataBytesSent: Number(status.linkDataBytesSent),
      metadataBytesSent: Number(status.linkMetadataBytesSent),
      dataBytesReceived: Number(status.linkDataBytesReceived),
      metadataBytesReceived: Number(status.linkMetadataBytesReceived),
      error: errorJson(status.linkStatus, status.linkDetail),
    },
    // By synchronization, since the card was started.
    grainsSent: isSecondary ? 0 : synchronized,
    grainsReceived: isSecondary ? synchronized : 0,
    markerGrains: Number(status.markerGrainsSynchronized),
    job: status.job === undefined ? null : jobJson(status.job),
    stopped: status.stopped,
    secondaryAccess: status.secondaryAccess,
    diverged: status.diverged,
    allDirty: status.allDirty,
    suppressed: status.suppressed,
    errors: status.errors.map(({ status: code, detail, atMs }) => ({
      code: statusName(code),
      message: statusSentence(code),
      detail,
      atMs: Number(atMs),
    })),
    hostCommands: Number(status.hostCommands),
    uptimeMs: Number(status.uptimeMs),
  };
}

export function jobJson(job: JobStatus) {
  return {
    kind: enumWord(JobKind, job.kind),
    state: enumWord(JobState, job.state),
    path: job.path,
    grainsDone: Number(job.grainsDone),
    grainsTotal: Number(job.grainsTotal),
    percent: percentDown(Number(job.grainsDone), Number(job.grainsTotal)),
    dataBytes: Number(job.dataBytes),
    root: idText(job.root),
    error: errorJson(job.status, job.detail),
  };
}

function errorJson(status: Status, detail: string) {
  if (status === Status.UNSPECIFIED || status === Status.SUCCESS) return null;
  return { code: statusName(status), message: statusSentence(status), detail };
}

/** In hundredths of a percent, rounded down: 100 means all of it. */
function percentDown(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part / whole) * 10_000) / 100;
}
