import { fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type AdminRequest,
  AdminRequestSchema,
  type AdminResponse,
  AdminResponseSchema,
} from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { PropertyGet, PropertySet, PropertyValueSchema } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { cardRegisters, cardWindows, MailboxState } from '../../protos/registers/card-registers.js';
import { packFields } from '../../protos/registers/fields.js';
import { type Register, registerCount, registerOffset } from '../../protos/registers/register-map.js';

type Answer = MessageInitShape<typeof PropertyValueSchema>;

const SPACE_BYTES = 0x3000;
const window = cardWindows.MAILBOX_WINDOW;
const inWindow = (offset: number, lengthBytes: number): boolean =>
  offset >= window.offset && offset + lengthBytes <= window.offset + window.lengthBytes;

/** A register space as bytes: enough access semantics for a driver that keeps to the rules, and a working mailbox. */
export class FakeRegisters {
  readonly #space = new Uint8Array(SPACE_BYTES);
  readonly #view = new DataView(this.#space.buffer);
  readonly #registers = new Map<number, Register>();

  constructor(private readonly answer: (request: AdminRequest) => AdminResponse) {
    for (const register of Object.values<Register>(cardRegisters)) {
      for (let index = 0; index < registerCount(register); index += 1) {
        const offset = registerOffset(register, index);
        this.#registers.set(offset, register);
        this.#view.setUint32(offset, register.reset ?? 0, true);
      }
    }
  }

  get({ requestId, offset, lengthBytes }: PropertyGet): Answer {
    if (!inWindow(offset, lengthBytes) && this.#registers.get(offset)?.widthBytes !== lengthBytes) {
      return { requestId, status: Status.UNKNOWN_REGISTER };
    }
    return { requestId, status: Status.SUCCESS, value: this.#space.slice(offset, offset + lengthBytes) };
  }

  set({ requestId, offset, value }: PropertySet): Answer {
    if (inWindow(offset, value.length)) this.#space.set(value, offset);
    else {
      const register = this.#registers.get(offset);
      if (register === undefined) return { requestId, status: Status.UNKNOWN_REGISTER };
      if (register.access === 'ro') return { requestId, status: Status.REGISTER_NOT_WRITABLE };
      if (register === cardRegisters.MAILBOX_DOORBELL) this.#exchange();
      else this.#space.set(value, offset);
    }
    return { requestId, status: Status.SUCCESS };
  }

  #exchange(): void {
    const lengthBytes = this.#view.getUint32(cardRegisters.MAILBOX_COMMAND.offset, true);
    const request = this.#space.slice(window.offset, window.offset + lengthBytes);
    const response = toBinary(AdminResponseSchema, this.answer(fromBinary(AdminRequestSchema, request)));
    this.#space.set(response, window.offset);
    const { MAILBOX_STATUS, MAILBOX_RESPONSE } = cardRegisters;
    const status = packFields(MAILBOX_STATUS, { STATE: MailboxState.DONE });
    this.#view.setUint32(MAILBOX_STATUS.offset, Number(status), true);
    this.#view.setUint32(MAILBOX_RESPONSE.offset, response.length, true);
  }
}
