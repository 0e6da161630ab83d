import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { cardRegisters, cardWindows, MAILBOX_WINDOW_BYTES, MailboxState } from '../../protos/registers/card-registers.js';
import { packFields } from '../../protos/registers/fields.js';
import { CommandError } from '../errors.js';
import type { MappedWindow, RegisterBehaviour } from './register-file.js';

/** Carries out one request, and answers it exactly once, now or later. `request` is the handler's to keep. */
export type MailboxHandler = (request: Uint8Array, respond: (response: Uint8Array) => void) => void;

/**
 * The mailbox: a host lays a request into the window, tells its length, and rings; the card answers in the
 * same window. One request at a time; what is in it is the handler's affair.
 */
export class Mailbox {
  #state: number = MailboxState.IDLE;
  #code: Status = Status.UNSPECIFIED;
  #commandBytes = 0;
  #responseBytes = 0;

  /**
   * @param memory of the window, of {@link MAILBOX_WINDOW_BYTES}.
   * @param finished called each time the mailbox comes to DONE or ERROR: raise the interrupt.
   */
  constructor(
    private readonly memory: Uint8Array,
    private readonly handle: MailboxHandler,
    private readonly finished: () => void,
  ) {
    memory.fill(0);
  }

  get window(): MappedWindow {
    return {
      offset: cardWindows.MAILBOX_WINDOW.offset,
      memory: this.memory,
      checkWritable: () => { this.#checkIdle(); },
    };
  }

  get behaviours() {
    return {
      MAILBOX_COMMAND: {
        read: () => this.#commandBytes,
        write: (value) => {
          this.#checkIdle();
          this.#commandBytes = value;
        },
      },
      MAILBOX_DOORBELL: {
        read: () => packFields(cardRegisters.MAILBOX_DOORBELL, { GO: this.#state === MailboxState.BUSY }),
        write: (ones) => { if (ones !== 0) this.#go(); },
      },
      MAILBOX_STATUS: {
        read: () => packFields(cardRegisters.MAILBOX_STATUS, { STATE: this.#state, CODE: this.#code }),
      },
      MAILBOX_RESPONSE: {
        read: () => packFields(cardRegisters.MAILBOX_RESPONSE, { LENGTH: this.#responseBytes }),
      },
    } satisfies Record<string, RegisterBehaviour>;
  }

  #checkIdle(): void {
    if (this.#state === MailboxState.BUSY) throw new CommandError(Status.BUSY, 'the mailbox is carrying out a request');
  }

  #go(): void {
    this.#checkIdle();
    this.#responseBytes = 0;
    if (this.#commandBytes === 0 || this.#commandBytes > MAILBOX_WINDOW_BYTES) {
      this.#finish(MailboxState.ERROR, Status.INVALID_FIELD);
      throw new CommandError(
        Status.INVALID_FIELD,
        `a mailbox request of ${String(this.#commandBytes)} bytes; it has 1 to ${String(MAILBOX_WINDOW_BYTES)}`,
      );
    }
    this.#state = MailboxState.BUSY;
    this.#code = Status.UNSPECIFIED;
    // A copy: the response overwrites the window, and the request may be decoded into views of it.
    const request = this.memory.slice(0, this.#commandBytes);
    let answered = false;
    this.handle(request, (response) => {
      if (answered) throw new Error('a mailbox request was answered twice');
      answered = true;
      this.#answer(response);
    });
  }

  #answer(response: Uint8Array): void {
    if (response.length > MAILBOX_WINDOW_BYTES) {
      this.#finish(MailboxState.ERROR, Status.TRANSFER_TOO_LARGE);
      return;
    }
    this.memory.fill(0);
    this.memory.set(response);
    this.#responseBytes = response.length;
    this.#finish(MailboxState.DONE, Status.UNSPECIFIED);
  }

  #finish(state: number, code: Status): void {
    this.#state = state;
    this.#code = code;
    this.finished();
  }
}
