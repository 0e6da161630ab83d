import type { DoorbellAccess, RegisterSource } from './commands/register-view.js';
import { outOfSyncGrains, statesOf, type StatusSources } from './card-status.js';
import type { Control } from './metadata/control-store.js';
import type { Role } from '../protos/gen/grainlink/common/v1/common_pb.js';
import type { DiskState, FlashCopyState, LinkState, RelationshipState } from '../protos/gen/grainlink/host/v1/admin_pb.js';

/** What the registers of a running card show: its values at the instant in which they are asked for. */
export class LiveRegisters implements RegisterSource {
  readonly ready = true;
  readonly grainBytes: number;
  readonly grainsTotal: number;
  readonly hasPeerPort: boolean;

  constructor(
    private readonly status: StatusSources,
    private readonly hostDoorbells: () => DoorbellAccess,
  ) {
    const { core, link } = status;
    this.grainBytes = core.volume.grainBytes;
    this.grainsTotal = core.volume.grains;
    this.hasPeerPort = link.listening;
  }

  get faulty(): boolean {
    return this.status.errors.partFailed;
  }

  get role(): Role {
    return this.#control.identity.role;
  }

  get diskState(): DiskState {
    return statesOf(this.status).disk;
  }

  get secondaryAccess(): boolean {
    return this.#control.access;
  }

  get linkState(): LinkState {
    return statesOf(this.status).link;
  }

  get relationshipState(): RelationshipState {
    return statesOf(this.status).relationship;
  }

  get generation(): bigint {
    return this.#control.identity.generation;
  }

  get grainsOutOfSync(): number {
    return outOfSyncGrains(this.status);
  }

  get grainsInIntent(): number {
    return this.status.tracking.intentCount;
  }

  get flashCopyState(): FlashCopyState {
    return this.status.flashCopy.state();
  }

  get doorbells(): DoorbellAccess {
    return this.hostDoorbells();
  }

  get #control(): Control {
    return this.status.core.state.control.current;
  }
}
