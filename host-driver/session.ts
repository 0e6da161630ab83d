import type { Command } from '../protos/gen/grainlink/host/v1/host_pb.js';
import { type Anomalies, noAnomalies } from './anomalies.js';
import { decodeCardFrame } from './card-frame.js';
import { ConnectionLostError, TimeoutError } from './errors.js';
import type { Geometry } from './geometry.js';
import { encodeHostFrame } from './host-frame.js';
import { TIMEOUT_CHECKS_PER_TIMEOUT } from './limits.js';
import { nowMs, paceOf } from './pace.js';
import { PropertyPort } from './property-port.js';
import { QueuePair } from './queue-pair.js';
import { settled } from './settled.js';
import type { Transport } from './transport.js';

const ADMIN_QUEUE = 0;
const IO_QUEUE = 1;

/** An open connection: hands each frame to whom it concerns, and at its end lets nothing hang. */
export class Session {
  readonly anomalies: Anomalies = noAnomalies();
  readonly properties: PropertyPort;
  readonly adminQueue: QueuePair;
  readonly ioQueue: QueuePair;
  readonly #timer: NodeJS.Timeout;
  readonly #ended = settled<ConnectionLostError>();
  #over = false;

  constructor(
    private readonly transport: Transport,
    geometry: Geometry,
    private readonly timeoutMs: number,
  ) {
    const pace = paceOf(timeoutMs, transport.bytesPerSecond);
    const sendCommand = (value: Command, payload: Uint8Array | undefined): boolean =>
      transport.send(encodeHostFrame({ case: 'command', value }, payload));
    this.adminQueue = new QueuePair(ADMIN_QUEUE, geometry.adminQueueDepth, pace, this.anomalies, sendCommand);
    this.ioQueue = new QueuePair(IO_QUEUE, geometry.queueDepth, pace, this.anomalies, sendCommand);
    this.properties = new PropertyPort(pace, this.anomalies, (body) => {
      transport.send(encodeHostFrame(body, undefined));
    });
    this.#timer = setInterval(() => {
      this.#endIfOverdue();
    }, timeoutMs / TIMEOUT_CHECKS_PER_TIMEOUT);
    transport.onFrame((frame) => {
      this.#received(frame);
    });
    transport.onDrain(() => {
      this.adminQueue.resume();
      this.ioQueue.resume();
    });
    transport.onClose((reason) => {
      this.#end(new ConnectionLostError(`the connection to ${transport.remote} was lost: ${reason}`));
    });
  }

  /** Resolves, with the reason, when the connection is over. */
  get ended(): Promise<ConnectionLostError> {
    return this.#ended.promise;
  }

  close(): void {
    this.#end(new ConnectionLostError(`the connection to ${this.transport.remote} was closed by this host`));
  }

  #received(frame: Uint8Array): void {
    const decoded = decodeCardFrame(frame);
    const body = decoded?.body;
    if (decoded !== undefined && body?.case === 'completion') {
      if (body.value.queue === IO_QUEUE) this.ioQueue.complete(body.value, decoded.payload);
      else if (body.value.queue === ADMIN_QUEUE) this.adminQueue.complete(body.value, decoded.payload);
      else this.anomalies.unexpectedFrames += 1;
    } else if (body?.case === 'propertyValue') {
      this.properties.received(body.value);
    } else if (body?.case === 'connected' && this.transport.lossy) {
      // An answer to a Connect repeated while the first answer was on its way: a matter of course.
    } else {
      this.anomalies.unexpectedFrames += 1;
    }
  }

  #endIfOverdue(): void {
    const now = nowMs();
    const text = `${this.transport.remote} did not answer within ${String(this.timeoutMs)} ms`;
    const error = new TimeoutError(`${text}; the connection was given up`);
    const works = [...this.adminQueue.overdue(now), ...this.ioQueue.overdue(now)];
    for (const work of works) work.failed(error);
    const expired = this.properties.expire(now, error);
    if (expired || works.length > 0) this.#end(new ConnectionLostError(`the connection was given up: ${text}`));
  }

  #end(error: ConnectionLostError): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    this.transport.close();
    this.adminQueue.fail(error);
    this.ioQueue.fail(error);
    this.properties.fail(error);
    this.#ended.resolve(error);
  }
}
