import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { Card } from '../../../firmware/card.js';
import { CommandError } from '../../../firmware/errors.js';
import { FirmwareFault } from '../../../firmware/kernel/event-loop.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { formattedBoard, launch, MemoryBoard, SMALL_GEOMETRY } from '../../firmware/support/memory-hal.js';
import { must } from '../target.js';
import { EagerPort } from './eager-port.js';

/** What the parts of a card hold while it is off. */
export interface Images {
  readonly nvram: Uint8Array;
  readonly volume: Uint8Array;
  readonly store: Uint8Array;
  readonly reserved: Uint8Array;
}

const DISKS = ['volume', 'store', 'reserved'] as const;
/** More steps than any input takes: a card that goes on runs in circles. */
const MAX_STEPS = 200_000;
const memory = new ReusedMemory();
let formatted: Images | undefined;

/** The images of a card fresh from the format. */
export function formattedImages(): Images {
  formatted ??= imagesOf(formattedBoard());
  return formatted;
}

export function imagesOf(board: MemoryBoard): Images {
  return { nvram: board.nvram.durable.slice(), volume: board.volume.content(), store: board.store.content(), reserved: board.reserved.content() };
}

/**
 * The real firmware on parts of memory: the same for each card, since to make it anew takes longer than all else. So
 * there is one card at a time. It has a port each to hosts and to its peer, at whose other end the fuzzer is.
 */
export class FuzzCard {
  readonly hosts = new EagerPort(2 ** 16);
  readonly peer: EagerPort;
  readonly board: MemoryBoard;
  readonly card: Card;
  readonly #images: Images;

  /** @param prepare changes the parts before the power comes. */
  constructor(images: Images, { peerPayloadBytes = 4096, prepare = () => undefined }: { readonly peerPayloadBytes?: number; readonly prepare?: (board: MemoryBoard) => void } = {}) {
    this.#images = images;
    this.peer = new EagerPort(peerPayloadBytes);
    memory.rewind();
    this.board = new MemoryBoard(SMALL_GEOMETRY, 1, { hosts: this.hosts, peer: this.peer, memory });
    this.board.nvram.durable.set(images.nvram);
    for (const disk of DISKS) this.board[disk].fill(0, images[disk]);
    prepare(this.board);
    this.card = new Card(this.board.hal, () => undefined);
    this.card.boot();
  }

  /** Lets the card work until nothing is left to do. Throws its fault when it broke. */
  settle(): void {
    settle(this.card);
  }

  pass(ms: number): void {
    this.board.clock.advance(ms);
    this.settle();
  }

  /** Boots it. @returns why it says that it is none, or undefined when it serves. */
  bootRefusal(): CommandError | undefined {
    return bootRefusal(this.card);
  }

  get components(): NonNullable<Card['components']> {
    const { components } = this.card;
    must(components !== undefined, 'the card does not come up');
    return components;
  }

  run<T>(task: Task<T>): T {
    const running = launch(this.card.loop, task);
    this.settle();
    return running.result();
  }

  /** The first part that does not hold what it held before, or undefined. */
  changedPart(): string | undefined {
    if (Buffer.compare(this.board.nvram.durable, this.#images.nvram) !== 0) return 'nvram';
    return DISKS.find((name) => {
      const { durable, unflushed } = this.board[name];
      const before = this.#images[name];
      const differs = ([block, bytes]: [number, Uint8Array]): boolean => Buffer.compare(bytes, before.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)) !== 0;
      return Buffer.compare(durable, before) !== 0 || [...unflushed].some(differs);
    });
  }

  /** Power goes and comes back: what a boot finds must be a card that comes up. It takes the place of this one. */
  mustBootAgain(): void {
    if (this.changedPart() === undefined) return;
    this.board.powerCycle(() => true);
    const again = new Card({ ...this.board.hal, hosts: new EagerPort(0), peer: new EagerPort(0) }, () => undefined);
    again.boot();
    must(bootRefusal(again) === undefined, 'it does not boot again');
  }
}

function settle(card: Card): void {
  for (let steps = 0; card.step(64); steps += 1) must(steps < MAX_STEPS, 'the card does not come to rest');
}

function bootRefusal(card: Card): CommandError | undefined {
  try {
    settle(card);
  } catch (error) {
    if (error instanceof FirmwareFault && error.cause instanceof CommandError) return error.cause;
    throw error;
  }
  must(card.components !== undefined, 'it neither comes up nor says why');
  return undefined;
}
