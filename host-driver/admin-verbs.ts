import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type AdminRequest,
  AdminRequestSchema,
  type AdminResponse,
  type CardIdentity,
  type CardStatus,
  type ConnectPeerSchema,
  type DirtyRuns,
  type EstablishSchema,
  type GetDirtyRunsSchema,
  type MediumExportSchema,
  type MediumLoadSchema,
  type StartSchema,
  type StopSchema,
} from '../protos/gen/grainlink/host/v1/admin_pb.js';
import { CommandError } from './errors.js';

type RequestInit = NonNullable<MessageInitShape<typeof AdminRequestSchema>['request']>;

/**
 * Administration, one method a request. Each goes through the admin queue and rejects with CommandError when
 * the card refuses.
 */
export abstract class AdminVerbs {
  /** Sends any request; the answer is returned whatever its status. */
  abstract admin(request: AdminRequest): Promise<AdminResponse>;

  async identify(): Promise<CardIdentity> {
    const { result } = await this.#ask({ case: 'identify', value: {} });
    return result.case === 'identity' ? result.value : resultIsMissing('identity');
  }

  async status(): Promise<CardStatus> {
    const { result } = await this.#ask({ case: 'getStatus', value: {} });
    return result.case === 'cardStatus' ? result.value : resultIsMissing('card_status');
  }

  /** Makes the card the primary of a secondary it need not have met (302). */
  async establish(value: MessageInitShape<typeof EstablishSchema> = {}): Promise<void> {
    await this.#ask({ case: 'establish', value });
  }

  /** Ends the relationship on this card; its data stays. */
  async dissolve(): Promise<void> {
    await this.#ask({ case: 'dissolve', value: {} });
  }

  /** Takes T0. */
  async startFlashCopy(): Promise<void> {
    await this.#ask({ case: 'flashCopyStart', value: {} });
  }

  async stopFlashCopy(): Promise<void> {
    await this.#ask({ case: 'flashCopyStop', value: {} });
  }

  /** Starts or resumes copying T0 to a medium (304); progress stands in the status. */
  async exportMedium(value: MessageInitShape<typeof MediumExportSchema>): Promise<void> {
    await this.#ask({ case: 'mediumExport', value });
  }

  /** Starts or resumes loading a medium (308); progress stands in the status. */
  async loadMedium(value: MessageInitShape<typeof MediumLoadSchema>): Promise<void> {
    await this.#ask({ case: 'mediumLoad', value });
  }

  /** Tells a secondary to find its primary and ask for synchronization (314). */
  async connectPeer(value: MessageInitShape<typeof ConnectPeerSchema>): Promise<void> {
    await this.#ask({ case: 'connectPeer', value });
  }

  async disconnectPeer(): Promise<void> {
    await this.#ask({ case: 'disconnectPeer', value: {} });
  }

  /** Stops mirroring until {@link start}; both sides track. */
  async stop(value: MessageInitShape<typeof StopSchema> = {}): Promise<void> {
    await this.#ask({ case: 'stop', value });
  }

  async start(value: MessageInitShape<typeof StartSchema> = {}): Promise<void> {
    await this.#ask({ case: 'start', value });
  }

  /** Runs of dirty grains from `firstGrain` on, `maxRuns` at most; `nextGrain` of the answer is where to go on. */
  async dirtyRuns(value: MessageInitShape<typeof GetDirtyRunsSchema>): Promise<DirtyRuns> {
    const { result } = await this.#ask({ case: 'getDirtyRuns', value });
    return result.case === 'dirtyRuns' ? result.value : resultIsMissing('dirty_runs');
  }

  async #ask(request: RequestInit): Promise<AdminResponse> {
    const response = await this.admin(create(AdminRequestSchema, { request }));
    if (response.status !== Status.SUCCESS) throw new CommandError(response.status, response.detail);
    return response;
  }
}

function resultIsMissing(field: string): never {
  throw new CommandError(Status.INVALID_FRAME, `the card's answer has no ${field}`);
}
