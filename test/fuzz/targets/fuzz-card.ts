import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { CardImage } from '../../../emulator/simulation/card-image.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { Card } from '../../../firmware/card.js';
import { CommandError } from '../../../firmware/errors.js';
import { FirmwareFault } from '../../../firmware/kernel/event-loop.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { must } from '../target.js';
import { EagerPort } from './eager-port.js';
import { alone, formattedBoard, TestBoard } from '../../firmware/support/board.js';
import { launch } from '../../firmware/support/tasks.js';

const DISKS = ['volume', 'store', 'reserved'] as const;
/** More steps than any input takes: a card that goes on runs in circles. */
const MAX_STEPS = 200_000;
const US_A_MS = 1000;
const memory = new ReusedMemory();
let formatted: CardImage | undefined;

/** The image of a card fresh from the format. */
export function formattedImage(): CardImage {
  formatted ??= imageOf(formattedBoard());
  return formatted;
}

/** What a board holds durably by now. */
export function imageOf({ geometry, image }: TestBoard): CardImage {
  const copy = new CardImage(geometry);
  copy.copyFrom(image);
  return copy;
}

/**
 * The real firmware on parts of memory: the same for each card, since to make it anew takes longer than all else. So
 * there is one card at a time. It has a port each to hosts and to its peer, at whose other end the fuzzer is.
 */
export class FuzzCard {
  readonly hosts = new EagerPort(2 ** 16);
  readonly peer: EagerPort;
  readonly board: TestBoard;
  readonly card: Card;
  readonly #before: CardImage;

  /** @param prepare changes the parts before the power comes. */
  constructor(image: CardImage, { peerPayloadBytes = 4096, prepare = () => undefined }: { readonly peerPayloadBytes?: number; readonly prepare?: (board: TestBoard) => void } = {}) {
    this.#before = image;
    this.peer = new EagerPort(peerPayloadBytes);
    memory.rewind();
    this.board = new TestBoard(SMALL_GEOMETRY, 1, alone(true));
    this.board.image.copyFrom(image);
    this.board.power.on = true;
    prepare(this.board);
    this.card = new Card({ ...this.board.hal, hosts: this.hosts, peer: this.peer, memory }, () => undefined);
    this.card.boot();
  }

  /** Lets the card work until nothing is left to do. Throws its fault when it broke. */
  settle(): void {
    this.#settle(this.card);
  }

  pass(ms: number): void {
    const { scheduler } = this.board;
    const end = scheduler.nowUs + ms * US_A_MS;
    do this.settle();
    while (scheduler.deliver(end));
    this.settle();
  }

  /** Boots it. @returns why it says that it is none, or undefined when it serves. */
  bootRefusal(): CommandError | undefined {
    return this.#bootRefusal(this.card);
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
    const { board } = this;
    if (Buffer.compare(board.nvram.content.bytes, this.#before.nvram.bytes) !== 0) return 'nvram';
    return DISKS.find((name) => {
      const before = this.#before[name];
      for (let block = 0; block < board[name].sizeBytes / BLOCK_BYTES; block += 1) {
        if (!board[name].block(block).holdsSameAs(before.get(block))) return true;
      }
      return false;
    });
  }

  /** Power goes and comes back: what a boot finds must be a card that comes up. It takes the place of this one. */
  mustBootAgain(): void {
    if (this.changedPart() === undefined) return;
    this.board.lose({ keep: () => true });
    this.board.power.on = true;
    const again = new Card({ ...this.board.hal, hosts: new EagerPort(0), peer: new EagerPort(0), memory }, () => undefined);
    again.boot();
    must(this.#bootRefusal(again) === undefined, 'it does not boot again');
  }

  #settle(card: Card): void {
    const { scheduler } = this.board;
    for (let steps = 0; card.step(64) || scheduler.deliver(scheduler.nowUs); steps += 1) must(steps < MAX_STEPS, 'the card does not come to rest');
  }

  #bootRefusal(card: Card): CommandError | undefined {
    try {
      this.#settle(card);
    } catch (error) {
      if (error instanceof FirmwareFault && error.cause instanceof CommandError) return error.cause;
      throw error;
    }
    must(card.components !== undefined, 'it neither comes up nor says why');
    return undefined;
  }
}
