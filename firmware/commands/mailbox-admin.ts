import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type AdminRequest, AdminRequestSchema, AdminResponseSchema } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { MAILBOX_WINDOW_BYTES } from '../../protos/registers/card-registers.js';
import { CommandError } from '../errors.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import type { MailboxHandler } from '../registers/mailbox.js';
import { administer, type AdminHandlers, refusal } from './admin.js';

/** A run takes 24 bytes at most: two numbers of up to 10 bytes, their tags, and the run's own tag and length. */
const MAX_MAILBOX_RUNS = Math.floor(MAILBOX_WINDOW_BYTES / 24) - 1;

/** Carries out what comes through the mailbox, as the admin queue does. */
export function mailboxAdmin(loop: EventLoop, handlers: AdminHandlers): MailboxHandler {
  return (request, respond) => {
    loop.spawn('mailbox', serve(handlers, request, respond));
  };
}

function* serve(handlers: AdminHandlers, bytes: Uint8Array, respond: (response: Uint8Array) => void): Task {
  const request = decode(bytes);
  if (request === undefined) {
    const garbage = new CommandError(Status.INVALID_FRAME, `the ${String(bytes.length)} bytes in the mailbox are no AdminRequest`);
    respond(toBinary(AdminResponseSchema, refusal(garbage)));
    return;
  }
  fitToWindow(request);
  const response = toBinary(AdminResponseSchema, yield* administer(handlers, request));
  if (response.length <= MAILBOX_WINDOW_BYTES) {
    respond(response);
    return;
  }
  const tooLarge = `the answer has ${String(response.length)} bytes, the mailbox ${String(MAILBOX_WINDOW_BYTES)}; ask through the admin queue`;
  respond(toBinary(AdminResponseSchema, refusal(new CommandError(Status.TRANSFER_TOO_LARGE, tooLarge))));
}

function decode(bytes: Uint8Array): AdminRequest | undefined {
  try {
    return fromBinary(AdminRequestSchema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/** Runs of dirty grains come in parts anyway: asks for no more of them than the window holds. */
function fitToWindow({ request }: AdminRequest): void {
  if (request.case === 'getDirtyRuns') request.value.maxRuns = Math.min(request.value.maxRuns, MAX_MAILBOX_RUNS);
}
