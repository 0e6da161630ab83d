import { randomInt } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { type Connected, ConnectSchema } from '../protos/gen/grainlink/host/v1/host_pb.js';
import { decodeCardFrame } from './card-frame.js';
import { CommandError, ConnectionLostError, TimeoutError } from './errors.js';
import { encodeHostFrame } from './host-frame.js';
import { CONNECT_RETRY_MS, PROTOCOL_VERSION } from './limits.js';
import { settled } from './settled.js';
import type { Transport } from './transport.js';

const NONCE_VALUES = 2 ** 32;

/**
 * Opens the queue pairs: sends Connect and awaits the card's answer to it. The nonce tells that answer from
 * one to a host that used the same serial line before; so does it make repeating Connect harmless.
 * @throws CommandError when the card refuses, TimeoutError when it does not answer, ConnectionLostError.
 */
export async function shakeHands(transport: Transport, queueDepth: number, timeoutMs: number): Promise<Connected> {
  const nonce = randomInt(NONCE_VALUES);
  const connect = create(ConnectSchema, { version: PROTOCOL_VERSION, queueDepth, nonce });
  const frame = encodeHostFrame({ case: 'connect', value: connect }, undefined);
  const answer = settled<Connected>();

  transport.onFrame((received) => {
    const body = decodeCardFrame(received)?.body;
    // Anything else is left over from the host before.
    if (body?.case === 'connected' && body.value.nonce === nonce) answer.resolve(body.value);
  });
  transport.onClose((reason) => {
    answer.reject(new ConnectionLostError(`${transport.remote} ended the connection before it answered: ${reason}`));
  });
  const tooLate = setTimeout(() => {
    answer.reject(new TimeoutError(`${transport.remote} did not answer within ${String(timeoutMs)} ms; is a card there?`));
  }, timeoutMs);
  const retry = transport.lossy ? setInterval(() => transport.send(frame), CONNECT_RETRY_MS) : undefined;
  transport.send(frame);
  try {
    const connected = await answer.promise;
    if (connected.status !== Status.SUCCESS) throw new CommandError(connected.status, connected.detail);
    return connected;
  } finally {
    clearTimeout(tooLate);
    clearInterval(retry);
  }
}
