import type { Completion, Trace } from '../../firmware/hal.js';
import { formatAddress, type SerialAddress } from '../../protos/lines/address.js';
import { SERIAL_REOPEN_MAX_MS, SERIAL_REOPEN_MIN_MS } from '../limits.js';
import type { Attachment } from './attachment.js';
import type { FrameHub } from './frame-hub.js';
import { errorText } from './part-fault.js';
import { SerialDevice } from './serial-device.js';

/**
 * Keeps a serial device open for whoever speaks on it. A device that is not there, or goes, is tried again
 * with growing pauses: USB adapters come and go.
 */
export class SerialListener implements Attachment {
  readonly address: string;
  #device: SerialDevice | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = SERIAL_REOPEN_MIN_MS;
  #closed = false;
  #opening: Promise<void>;

  constructor(
    private readonly hub: FrameHub,
    private readonly serial: SerialAddress,
    private readonly trace: Trace,
  ) {
    this.address = formatAddress(serial);
    this.#opening = this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#opening;
    await this.#device?.close();
  }

  async #open(): Promise<void> {
    try {
      const onLost = (reason: string): void => { this.#lost(reason); };
      this.#device = await SerialDevice.open(this.serial, this.hub, { answers: true, onLost });
    } catch (error) {
      this.#lost(errorText(error));
      return;
    }
    if (this.#closed) return;
    if (this.#pauseMs > SERIAL_REOPEN_MIN_MS) this.trace.event('serial-device', `${this.address} is open now`);
    this.#pauseMs = SERIAL_REOPEN_MIN_MS;
    this.#device.startLine();
  }

  #lost(reason: string): void {
    this.#device = undefined;
    if (this.#closed) return;
    if (this.#pauseMs === SERIAL_REOPEN_MIN_MS) this.trace.event('serial-device', `${this.address} cannot be used: ${reason}; it is tried again until it can`);
    this.#timer = setTimeout(() => { this.#opening = this.#open(); }, this.#pauseMs);
    this.#pauseMs = Math.min(SERIAL_REOPEN_MAX_MS, this.#pauseMs * 2);
  }
}

/** Dials over serial devices. One stays open, also between connections: opening disturbs the line. */
export class SerialDialler {
  #device: SerialDevice | undefined;
  #address = '';
  /** Dials run one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly hub: FrameHub) {}

  dial(address: SerialAddress, done: Completion<number>): void {
    this.#turn = this.#turn.then(() => this.#dial(address, done));
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#closeDevice();
  }

  async #dial(address: SerialAddress, done: Completion<number>): Promise<void> {
    const text = formatAddress(address);
    let device: SerialDevice;
    try {
      device = await this.#deviceFor(address, text);
    } catch (error) {
      done.fail({ part: 'port', kind: 'closed', text: `${text} cannot be opened: ${errorText(error)}` });
      return;
    }
    const line = device.startLine();
    if (line === undefined) done.fail({ part: 'port', kind: 'closed', text: `${text} carries another connection` });
    else done.succeed(line.connection);
  }

  async #deviceFor(address: SerialAddress, text: string): Promise<SerialDevice> {
    if (this.#device !== undefined && this.#address === text) return this.#device;
    await this.#closeDevice();
    const onLost = (): void => { this.#device = undefined; };
    this.#device = await SerialDevice.open(address, this.hub, { answers: false, onLost });
    this.#address = text;
    return this.#device;
  }

  async #closeDevice(): Promise<void> {
    await this.#device?.close();
    this.#device = undefined;
  }
}
