import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { CommandError } from '../errors.js';
import { encodeCompletion, encodePropertyValue } from './card-frames.js';
import { failed } from './dispatch.js';
import type { HostBody } from './host-frame.js';

/** The register space, as a host accesses it. Both throw a CommandError. */
export interface RegisterAccess {
  read(offset: number, lengthBytes: number): Uint8Array;
  write(offset: number, value: Uint8Array): void;
}

export type PropertyRequest = Extract<HostBody, { case: 'propertyGet' | 'propertySet' }>;

/** Accesses the registers, and encodes the answer. */
export function answerProperty(registers: RegisterAccess, { case: access, value: request }: PropertyRequest): Uint8Array {
  const { requestId } = request;
  try {
    if (access === 'propertyGet') {
      return encodePropertyValue({ requestId, status: Status.SUCCESS, value: registers.read(request.offset, request.lengthBytes) });
    }
    registers.write(request.offset, request.value);
    return encodePropertyValue({ requestId, status: Status.SUCCESS });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return encodePropertyValue({ requestId, status: error.status, detail: error.detail });
  }
}

/** What answers a request on a connection that has no Connect before it. */
export function notConnected(body: Exclude<HostBody, { case: 'connect' }>): Uint8Array {
  const refusal = new CommandError(Status.NOT_CONNECTED, 'the first frame of a connection is Connect');
  if (body.case === 'command') {
    const { queue, commandId } = body.value;
    return encodeCompletion(queue, { finished: failed(commandId, refusal), sqHead: 0, phase: false });
  }
  return encodePropertyValue({ requestId: body.value.requestId, status: refusal.status, detail: refusal.detail });
}
