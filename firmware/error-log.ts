import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import type { Clock } from './hal.js';
import { MAX_LOGGED_ERRORS } from './limits.js';

export interface LoggedError {
  readonly status: Status;
  readonly detail: string;
  readonly atMs: number;
}

/** The newest errors, and how many there were. */
export class ErrorLog {
  readonly #entries: LoggedError[] = [];
  #count = 0;
  #partFailed = false;

  /** @param onError told of each error, for the interrupt. */
  constructor(
    private readonly clock: Clock,
    private readonly onError: (status: Status) => void,
  ) {}

  get entries(): readonly LoggedError[] {
    return this.#entries;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a part of the card has failed since power came. */
  get partFailed(): boolean {
    return this.#partFailed;
  }

  add(status: Status, detail: string): void {
    this.#entries.push({ status, detail, atMs: this.clock.nowMs() });
    if (this.#entries.length > MAX_LOGGED_ERRORS) this.#entries.shift();
    this.#count += 1;
    if (status === Status.DISK_ERROR || status === Status.NVRAM_ERROR) this.#partFailed = true;
    this.onError(status);
  }
}
