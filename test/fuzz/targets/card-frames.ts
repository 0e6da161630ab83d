import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { noAnomalies } from '../../../host-driver/anomalies.js';
import { decodeCardFrame } from '../../../host-driver/card-frame.js';
import { ConnectionLostError } from '../../../host-driver/errors.js';
import { type Geometry, geometryOf } from '../../../host-driver/geometry.js';
import { RangeWork } from '../../../host-driver/range-work.js';
import { Session } from '../../../host-driver/session.js';
import { adminWork, flushWork } from '../../../host-driver/single-work.js';
import type { FrameHandler, Transport } from '../../../host-driver/transport.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CardFrameSchema, Opcode } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { type Input, must, type Target } from '../target.js';

const BLOCK_BYTES = 512;
const QUEUE_DEPTH = 4;
const TIMEOUT_MS = 60_000;
/** A command id is above its place how often that place was used. */
const FIRST_USE = 1 << 16;
const GEOMETRY: Geometry = {
  blockBytes: BLOCK_BYTES, volumeBytes: 2 ** 20, maxTransferBytes: 2 * BLOCK_BYTES, maxZeroBytes: 2 ** 20, queueDepth: QUEUE_DEPTH, adminQueueDepth: 2, queueSlot: 0,
};

/** Frames of a card to a driver that has a read of three blocks, a write, a flush and a request in flight. */
export const cardFrames: Target = {
  name: 'card-frames',
  seeds: () => [
    [frame({ case: 'connected', value: { status: Status.SUCCESS, version: 1, nonce: 1, queueDepth: 4, adminQueueDepth: 2, maxTransferBytes: 65_536, blockBytes: 512, volumeBlocks: 2048n, maxZeroBlocks: 2048 } })],
    [completion(1, 0, Status.SUCCESS, new Uint8Array(2 * BLOCK_BYTES).fill(1)), completion(1, 1, Status.SUCCESS, new Uint8Array(BLOCK_BYTES).fill(2)), completion(1, 2, Status.SUCCESS), completion(1, 3, Status.SUCCESS)],
    [completion(1, 0, Status.SUCCESS, new Uint8Array(8 * BLOCK_BYTES))],
    [completion(1, 2, Status.DISK_ERROR), completion(1, 0, Status.SUCCESS, new Uint8Array(BLOCK_BYTES))],
    [frame({ case: 'completion', value: { queue: 0, commandId: FIRST_USE, status: Status.SUCCESS, sqHead: 1, phase: true, admin: { status: Status.SUCCESS, result: { case: 'dirtyRuns', value: { runs: [{ firstGrain: 3n, grains: 4n }], nextGrain: 9n } } } } })],
    [frame({ case: 'propertyValue', value: { requestId: 1, status: Status.SUCCESS, value: Uint8Array.of(1, 2, 3, 4) } }), completion(1, 1, Status.SUCCESS)],
  ],
  run: (input) => {
    const line = new ScriptedLine();
    const memory = new Uint8Array(5 * BLOCK_BYTES).fill(0xee);
    const session = new Session(line.transport, GEOMETRY, TIMEOUT_MS);
    try {
      begin(session, memory.subarray(BLOCK_BYTES, 4 * BLOCK_BYTES));
      for (const bytes of input) {
        line.deliver(bytes);
        judgeConnected(bytes);
      }
      const outside = [...memory.subarray(0, BLOCK_BYTES), ...memory.subarray(4 * BLOCK_BYTES)];
      must(outside.every((byte) => byte === 0xee), 'data of a read is put beside its memory');
      must(session.ioQueue.inFlight <= QUEUE_DEPTH, 'more is in flight than was granted');
      return outcomeOf(session, input);
    } finally {
      session.close();
    }
  },
};

class ScriptedLine {
  #handler: FrameHandler = () => undefined;
  readonly transport: Transport = {
    remote: 'a fuzzer', maxPayloadBytes: 2 ** 16, bytesPerSecond: Infinity, lossy: false,
    send: () => true,
    onFrame: (handler) => { this.#handler = handler; },
    onClose: () => undefined,
    onDrain: () => undefined,
    close: () => undefined,
  };

  deliver(bytes: Uint8Array): void {
    this.#handler(bytes);
  }
}

function begin(session: Session, memory: Uint8Array): void {
  const range = { offsetBytes: 0, blockBytes: BLOCK_BYTES, maxCommandBytes: GEOMETRY.maxTransferBytes, fua: false };
  const reading = new RangeWork({ ...range, opcode: Opcode.READ, lengthBytes: memory.length, memory });
  const writing = new RangeWork({ ...range, opcode: Opcode.WRITE, lengthBytes: BLOCK_BYTES, memory: new Uint8Array(BLOCK_BYTES) });
  const [flushing, asking] = [flushWork(), adminWork(create(AdminRequestSchema, { request: { case: 'identify', value: {} } }))];
  for (const work of [reading, writing, flushing]) session.ioQueue.enqueue(work);
  session.adminQueue.enqueue(asking);
  // How they end is looked at by others (test/host-driver); here, that nothing breaks.
  for (const end of [reading.end, writing.end, flushing.answer, asking.answer]) end.catch(() => undefined);
}

/** Whatever a Connected says, a geometry made of it is one that can be used. */
function judgeConnected(bytes: Uint8Array): void {
  const body = decodeCardFrame(bytes)?.body;
  if (body?.case !== 'connected') return;
  let geometry: Geometry;
  try {
    geometry = geometryOf(body.value, QUEUE_DEPTH, 2 ** 16);
  } catch (error) {
    if (error instanceof ConnectionLostError) return;
    throw error;
  }
  must(geometry.maxTransferBytes >= geometry.blockBytes && geometry.maxTransferBytes % geometry.blockBytes === 0, 'a transfer is no whole blocks');
  must(Number.isSafeInteger(geometry.maxZeroBytes) && Number.isSafeInteger(geometry.volumeBytes), 'a size cannot be counted with');
}

function outcomeOf({ anomalies }: Session, input: Input): `accepted${string}` | `refused${string}` {
  const odd = Object.entries(anomalies).filter(([, count]: [string, number]) => count > 0).map(([name]) => name);
  const taken = input.length - anomalies.unexpectedFrames - anomalies.unknownCompletions;
  must(odd.every((name) => name in noAnomalies()), 'an anomaly without a name');
  return `${taken > 0 ? 'accepted' : 'refused'} ${odd.join(', ')}`;
}

type Body = NonNullable<MessageInitShape<typeof CardFrameSchema>['body']>;

function frame(body: Body, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  return toBinary(CardFrameSchema, create(CardFrameSchema, { body, payload }));
}

function completion(queue: number, place: number, status: Status, payload?: Uint8Array): Uint8Array {
  return frame({ case: 'completion', value: { queue, commandId: FIRST_USE + place, status, sqHead: 1, phase: true } }, payload);
}
