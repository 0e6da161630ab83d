import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type AdminRequest,
  AdminRequestSchema,
  type AdminResponse,
  AdminResponseSchema,
} from '../protos/gen/grainlink/host/v1/admin_pb.js';
import { cardRegisters, cardWindows, MailboxState } from '../protos/registers/card-registers.js';
import { packFields, unpackField } from '../protos/registers/fields.js';
import { CommandError, TimeoutError } from './errors.js';
import { MAILBOX_POLL_MAX_MS } from './limits.js';
import { nowMs } from './pace.js';
import type { RegisterWindow } from './register-window.js';

const { MAILBOX_COMMAND, MAILBOX_DOORBELL, MAILBOX_STATUS, MAILBOX_RESPONSE } = cardRegisters;
const window = cardWindows.MAILBOX_WINDOW;

/** Administration through registers alone: one request at a time, in the order of the calls. */
export class Mailbox {
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly registers: RegisterWindow,
    private readonly timeoutMs: number,
  ) {}

  /** @throws CommandError when the mailbox itself fails, TimeoutError when the card does not get done. */
  async exchange(request: AdminRequest): Promise<AdminResponse> {
    const bytes = toBinary(AdminRequestSchema, request);
    if (bytes.length > window.lengthBytes) {
      throw new RangeError(`a request of ${String(bytes.length)} bytes does not fit into the mailbox of ${String(window.lengthBytes)}`);
    }
    const turn = this.#last.then(() => this.#exchange(bytes));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #exchange(request: Uint8Array): Promise<AdminResponse> {
    // Another host may be using it.
    await this.#untilDone();
    await this.registers.writeWindow(window.offset, request);
    await this.registers.write('MAILBOX_COMMAND', packFields(MAILBOX_COMMAND, { LENGTH: request.length }));
    await this.registers.write('MAILBOX_DOORBELL', packFields(MAILBOX_DOORBELL, { GO: true }));
    await this.#untilDone();
    return this.#response();
  }

  /** GO reads as set from the ring until the response is there; a status read may still be that of the exchange before. */
  async #untilDone(): Promise<void> {
    const deadlineMs = nowMs() + this.timeoutMs;
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, MAILBOX_POLL_MAX_MS)) {
      const doorbell = await this.registers.read('MAILBOX_DOORBELL');
      if (unpackField(MAILBOX_DOORBELL.fields.GO, doorbell) === 0n) return;
      if (nowMs() > deadlineMs) throw new TimeoutError(`the mailbox was busy for ${String(this.timeoutMs)} ms`);
      await sleep(pauseMs);
    }
  }

  async #response(): Promise<AdminResponse> {
    const status = await this.registers.read('MAILBOX_STATUS');
    if (Number(unpackField(MAILBOX_STATUS.fields.STATE, status)) !== MailboxState.DONE) {
      throw new CommandError(Number(unpackField(MAILBOX_STATUS.fields.CODE, status)), 'from the mailbox');
    }
    const lengthBytes = Number(unpackField(MAILBOX_RESPONSE.fields.LENGTH, await this.registers.read('MAILBOX_RESPONSE')));
    if (lengthBytes > window.lengthBytes) throw new CommandError(Status.INVALID_FRAME, 'a response longer than the mailbox');
    const bytes = await this.registers.readWindow(window.offset, lengthBytes);
    try {
      return fromBinary(AdminResponseSchema, bytes);
    } catch (error) {
      throw new CommandError(Status.INVALID_FRAME, `the mailbox holds no response: ${String(error)}`);
    }
  }
}
