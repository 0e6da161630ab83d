import type { HostDriver } from '../../host-driver/index.js';
import type { Transport } from '../../host-driver/transport.js';
import type { RawHost } from './raw-host.js';

/** A card fresh from the format, of at least {@link LEAST_VOLUME_BYTES}, and a way to it. */
export interface ConformanceTarget {
  /** A new line to the card. */
  openLine(): Promise<Transport>;
  /** Whether several lines can be open at once; a serial card has but one. */
  readonly manyLines: boolean;
  /** Ends card and ways. */
  close(): Promise<void>;
}

export const LEAST_VOLUME_BYTES = 4 * 2 ** 20;

/** What the tests of the suite use: the target of the test that runs, whose lines are closed after it. */
export interface Bench {
  readonly target: ConformanceTarget;
  connect(queueDepth?: number): Promise<HostDriver>;
  connectRaw(): Promise<RawHost>;
  openRaw(): Promise<RawHost>;
}
