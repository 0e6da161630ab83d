import { create } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type AdminRequest, type AdminResponse, AdminResponseSchema } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CommandError, toCommandError } from '../errors.js';
import type { Task } from '../kernel/pending.js';

type RequestBody = Exclude<AdminRequest['request'], { case: undefined }>;
type Requests = { readonly [Body in RequestBody as Body['case']]: Body['value'] };
type Body<Case extends keyof Requests> = { readonly [C in Case]: { readonly case: C; readonly value: Requests[C] } }[Case];

/** What an administration command answers beside its status; see {@link NO_RESULT}. */
export type AdminResult = AdminResponse['result'];

/** A command that has nothing to answer but that it was done. */
export const NO_RESULT: AdminResult = { case: undefined };

/** Each carries out one request, or throws a CommandError. */
export type AdminHandlers = { readonly [Case in keyof Requests]: (request: Requests[Case]) => Task<AdminResult> };

/** Carries out an administration request, from the admin queue or the mailbox. Always answers. */
export function* administer(handlers: AdminHandlers, request: AdminRequest): Task<AdminResponse> {
  try {
    const body = request.request;
    if (body.case === undefined) throw new CommandError(Status.UNKNOWN_COMMAND, 'the administration request is empty or newer than this card');
    const result = yield* handle(handlers, body);
    return create(AdminResponseSchema, { status: Status.SUCCESS, result });
  } catch (error) {
    return refusal(toCommandError(error));
  }
}

export function refusal({ status, detail }: CommandError): AdminResponse {
  return create(AdminResponseSchema, { status, detail });
}

/** Generic over the case, so that the compiler sees that the handler fits the request. */
function handle<Case extends keyof Requests>(handlers: AdminHandlers, body: Body<Case>): Task<AdminResult> {
  return handlers[body.case](body.value);
}
