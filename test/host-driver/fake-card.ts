import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type CardFrame,
  CardFrameSchema,
  type Command,
  type Connect,
  type ConnectedSchema,
  type HostFrame,
  HostFrameSchema,
} from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { answerAdmin } from './fake-admin.js';
import type { CardLine } from './fake-lines.js';
import type { Outcome } from './fake-outcome.js';
import { FakeRegisters } from './fake-registers.js';
import { FakeVolume } from './fake-volume.js';

const ADMIN_QUEUE = 0;
const IO_QUEUE = 1;
const ADMIN_QUEUE_DEPTH = 8;
const MAX_IO_QUEUE_DEPTH = 256;
const FUA_MS = 5;

/** What a test may want otherwise. */
export interface FakeCardOptions {
  readonly volumeBytes?: number;
  /** Overrides the answer to Connect. */
  readonly connected?: MessageInitShape<typeof ConnectedSchema>;
  /** Connect frames that it does not hear. */
  readonly deafTo?: number;
}

/**
 * An honest card that keeps its volume in memory, for tests of the driver alone: it keeps to the contract
 * but for what a test asks it to do wrong.
 */
export class FakeCard {
  readonly volume: FakeVolume;
  /** All it received, oldest first. */
  readonly frames: HostFrame[] = [];
  /** While an array, completions are kept here, to be let go in any order. */
  held: (() => void)[] | undefined;
  /** Changes how commands end, for a card that does not keep to the contract. */
  tamper: ((outcome: Outcome) => Outcome) | undefined;
  connectsUnheard: number;

  constructor(private readonly options: FakeCardOptions = {}) {
    this.volume = new FakeVolume(options.volumeBytes ?? 2 ** 20);
    this.connectsUnheard = options.deafTo ?? 0;
  }

  serve(line: CardLine): void {
    new FakeConnection(this, line, this.options.connected ?? {});
  }
}

interface FakeQueue {
  readonly depth: number;
  readonly idsInFlight: Set<number>;
  consumed: number;
  completed: number;
}

function fakeQueue(depth: number): FakeQueue {
  return { depth, idsInFlight: new Set(), consumed: 0, completed: 0 };
}

class FakeConnection {
  #queues = new Map<number, FakeQueue>();
  readonly #registers: FakeRegisters;

  constructor(
    private readonly card: FakeCard,
    private readonly line: CardLine,
    private readonly connected: MessageInitShape<typeof ConnectedSchema>,
  ) {
    this.#registers = new FakeRegisters((request) => answerAdmin(card.volume, request));
    line.onFrame((bytes) => {
      let frame: HostFrame;
      try {
        frame = fromBinary(HostFrameSchema, bytes);
      } catch {
        return;
      }
      card.frames.push(frame);
      this.#received(frame);
    });
  }

  #received({ body, payload }: HostFrame): void {
    if (body.case === 'connect') this.#connect(body.value);
    else if (body.case === 'command') this.#command(body.value, payload);
    else if (body.case === 'propertyGet') this.#send({ case: 'propertyValue', value: this.#registers.get(body.value) });
    else if (body.case === 'propertySet') this.#send({ case: 'propertyValue', value: this.#registers.set(body.value) });
  }

  #connect({ nonce, queueDepth }: Connect): void {
    if (this.card.connectsUnheard > 0) {
      this.card.connectsUnheard -= 1;
      return;
    }
    const { blockBytes, maxTransferBytes, maxZeroBlocks, volumeBlocks } = this.card.volume;
    const granted = Math.min(queueDepth, MAX_IO_QUEUE_DEPTH);
    const answer = {
      status: Status.SUCCESS,
      version: 1,
      nonce,
      queueDepth: granted,
      adminQueueDepth: ADMIN_QUEUE_DEPTH,
      maxTransferBytes,
      blockBytes,
      volumeBlocks: BigInt(volumeBlocks),
      maxZeroBlocks,
      ...this.connected,
    };
    this.#queues = new Map([
      [ADMIN_QUEUE, fakeQueue(ADMIN_QUEUE_DEPTH)],
      [IO_QUEUE, fakeQueue(answer.queueDepth)],
    ]);
    this.#send({ case: 'connected', value: answer });
  }

  #command(command: Command, payload: Uint8Array): void {
    const queue = this.#queues.get(command.queue);
    if (queue === undefined) {
      const status = this.#queues.size === 0 ? Status.NOT_CONNECTED : Status.UNKNOWN_QUEUE;
      this.#send({ case: 'completion', value: { queue: command.queue, commandId: command.commandId, status } });
      return;
    }
    queue.consumed += 1;
    if (queue.idsInFlight.has(command.commandId)) {
      this.#complete(queue, command, { status: Status.COMMAND_ID_IN_USE });
      return;
    }
    queue.idsInFlight.add(command.commandId);
    const honest = command.queue === ADMIN_QUEUE ? this.#administer(command) : this.card.volume.execute(command, payload);
    const outcome = this.card.tamper?.(honest) ?? honest;
    const finish = (): void => {
      queue.idsInFlight.delete(command.commandId);
      this.#complete(queue, command, outcome);
    };
    // Later, as from a disk: commands of one turn are in flight together, and what is made durable takes longer.
    if (this.card.held !== undefined) this.card.held.push(finish);
    else if (command.fua) setTimeout(finish, FUA_MS);
    else setImmediate(finish);
  }

  #administer({ admin }: Command): Outcome {
    if (admin === undefined) return { status: Status.UNKNOWN_COMMAND };
    const response = answerAdmin(this.card.volume, admin);
    return { status: response.status, admin: response };
  }

  #complete(queue: FakeQueue, { queue: number, commandId }: Command, { data, ...outcome }: Outcome): void {
    // Whoever connected anew on this line has not asked for it.
    if (this.#queues.get(number) !== queue) return;
    const phase = Math.floor(queue.completed / queue.depth) % 2 === 0;
    queue.completed += 1;
    const value = { queue: number, commandId, phase, sqHead: queue.consumed % queue.depth, ...outcome };
    this.#send({ case: 'completion', value }, data);
  }

  #send(body: NonNullable<MessageInitShape<typeof CardFrameSchema>['body']>, payload: Uint8Array = new Uint8Array(0)): void {
    const frame: CardFrame = create(CardFrameSchema, { body, payload });
    this.line.send(toBinary(CardFrameSchema, frame));
  }
}
