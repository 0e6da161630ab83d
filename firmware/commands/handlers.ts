import type { CardCore } from '../core.js';
import { cardIdentity } from '../identity.js';
import { cardStatus, type StatusSources } from '../card-status.js';
import type { Relationship } from '../remote-copy/relationship.js';
import type { Task } from '../kernel/pending.js';
import { type AdminHandlers, type AdminResult, NO_RESULT } from './admin.js';
import { dirtyRuns } from './get-dirty-runs.js';

/** What administration acts on. */
export interface Administered {
  readonly core: CardCore;
  readonly status: StatusSources;
  readonly relationship: Relationship;
}

/** Which part of the card carries out which administration request. */
export function adminHandlers({ core, status, relationship }: Administered): AdminHandlers {
  return {
    identify: () => answer({ case: 'identity', value: cardIdentity(core) }),
    getStatus: () => answer({ case: 'cardStatus', value: cardStatus(status) }),
    getDirtyRuns: (request) => answer({ case: 'dirtyRuns', value: dirtyRuns(core, request) }),
    establish: (request) => done(relationship.establish(request.secondaryName, request.flashCopy)),
    dissolve: () => done(relationship.dissolve()),
    flashCopyStart: () => done(relationship.startFlashCopy()),
    flashCopyStop: () => done(relationship.stopFlashCopy()),
    mediumExport: (request) => done(relationship.exportMedium(request.path)),
    mediumLoad: (request) => done(relationship.loadMedium(request.path, request.overwrite)),
    connectPeer: (request) => done(relationship.connect(request.address, request.conventional, request.overwrite)),
    disconnectPeer: () => done(relationship.disconnect()),
    stop: (request) => done(relationship.stop(request.access)),
    start: (request) => done(relationship.start(request.discardSecondary)),
  };
}

// A task that yields nothing: the answer is there at once.
function* answer(result: AdminResult): Task<AdminResult> {
  return result;
}

function* done(task: Task): Task<AdminResult> {
  yield* task;
  return NO_RESULT;
}
