import type { HostDriver } from '../../host-driver/index.js';

/** What the verbs use of a card: the driver's methods. Tests put a fake in its place. */
export type Card = Pick<
  HostDriver,
  | 'geometry'
  | 'identify'
  | 'status'
  | 'establish'
  | 'dissolve'
  | 'startFlashCopy'
  | 'stopFlashCopy'
  | 'exportMedium'
  | 'loadMedium'
  | 'connectPeer'
  | 'disconnectPeer'
  | 'stop'
  | 'start'
  | 'dirtyRuns'
  | 'readInto'
  | 'write'
  | 'flush'
  | 'readRegisters'
  | 'close'
>;

/** Where a program's text goes. */
export interface TextOutput {
  readonly isTty: boolean;
  write(text: string): void;
}

/** All that the program touches besides files, so that a test can stand in for it. */
export interface World {
  /** Of the program. */
  readonly version: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Connects to the card at an address. */
  connect(address: string): Promise<Card>;
  /** Aborted by Ctrl-C. `card run` minds signals itself. */
  readonly interrupt: AbortSignal;
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}
