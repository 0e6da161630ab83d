import type { Card } from '../firmware/card.js';
import { CommandError } from '../firmware/errors.js';
import type { Trace } from '../firmware/hal.js';
import { PartError } from '../firmware/kernel/pending.js';
import type { Address } from '../protos/lines/address.js';
import { readBoardFile } from './board-file.js';
import { buildHal } from './build-hal.js';
import { openStorage } from './card-storage.js';
import { emulatorErrors } from './errors.js';
import { CardPeerPort } from './parts/card-peer-port.js';
import { lockDirectory } from './parts/directory-lock.js';
import { HostPort } from './parts/host-port.js';
import type { FrameChannel } from './parts/memory-port.js';
import { WallClock } from './parts/wall-clock.js';
import { runCard } from './run-card.js';

export interface BoardOptions {
  readonly directory: string;
  /** Where hosts find the card. None is fine for a host in this process. */
  readonly host: readonly Address[];
  /** Where the peer card finds it; without, only this card can dial. */
  readonly peer?: Address;
  readonly trace: Trace;
  /**
   * The firmware broke one of its own rules; or, as an EmulatorError, it cannot make a card of what is in the
   * directory. The card stands still from then on; close the board.
   */
  readonly onFault: (error: Error) => void;
}

/** A card that is switched on. */
export interface Board {
  readonly card: Card;
  /** Resolves when the card has recovered and serves; never, when it cannot and `onFault` is told. */
  readonly booted: Promise<void>;
  /** As they turned out, where a port was left open. */
  readonly hostAddresses: readonly string[];
  readonly peerAddress: string | undefined;
  /** Connects a host in this process; undefined when too many are connected. */
  connectInProcess(): FrameChannel | undefined;
  /** Shuts the card down and switches it off. False when it did not come to a clean end. */
  close(): Promise<boolean>;
  /** Switches it off as it is: what a power cut leaves. */
  powerOff(): Promise<void>;
}

/**
 * Wires a card from the parts in its directory and switches it on. The ports take connections at once; what
 * comes over them waits until the card has booted.
 * @throws EmulatorError
 */
export async function openBoard(options: BoardOptions): Promise<Board> {
  const { directory, trace } = options;
  const geometry = readBoardFile(directory);
  const undo: (() => Promise<void> | void)[] = [];
  try {
    const lock = lockDirectory(directory);
    undo.push(() => { lock.release(); });
    const storage = openStorage(directory, geometry, trace);
    undo.push(() => storage.close(false));
    const hosts = new HostPort();
    undo.push(() => hosts.close());
    const peer = new CardPeerPort();
    undo.push(() => peer.shutDown());
    for (const address of options.host) await hosts.listen(address, trace);
    if (options.peer !== undefined) await peer.listen(options.peer, trace);
    return switchOn(options, { lock, storage, hosts, peer });
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

interface Parts {
  readonly lock: ReturnType<typeof lockDirectory>;
  readonly storage: ReturnType<typeof openStorage>;
  readonly hosts: HostPort;
  readonly peer: CardPeerPort;
}

function switchOn(options: BoardOptions, { lock, storage, hosts, peer }: Parts): Board {
  const clock = new WallClock();
  const hal = buildHal({ storage, clock, hosts: hosts.frames, peer, trace: options.trace });
  const running = runCard(hal, (error) => {
    options.onFault(running.card.components === undefined ? bootError(options.directory, error) : error);
  });

  const switchOff = async (clean: boolean): Promise<boolean> => {
    running.stop();
    clock.close();
    try {
      await Promise.all([hosts.close(), peer.shutDown()]);
      await storage.close(clean);
    } finally {
      lock.release();
    }
    return clean;
  };
  let off: Promise<boolean> | undefined;
  return {
    card: running.card,
    booted: running.booted,
    hostAddresses: hosts.addresses,
    peerAddress: peer.address,
    connectInProcess: () => hosts.connectInProcess(),
    close: () => (off ??= running.shutDown().then(switchOff)),
    async powerOff(): Promise<void> {
      await (off ??= switchOff(false));
    },
  };
}

/** What the firmware refuses at boot, or cannot read or write, is the directory's fault; anything else is the firmware's. */
function bootError(directory: string, fault: Error): Error {
  const { cause } = fault;
  if (cause instanceof CommandError) {
    return emulatorErrors.directoryDamaged(directory, `${cause.detail}; put whole files back, or format a new card in another directory`);
  }
  return cause instanceof PartError ? emulatorErrors.directoryDamaged(directory, cause.message) : fault;
}
