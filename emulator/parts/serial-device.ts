import type { SerialPort } from 'serialport';
import { SERIAL_READ_BYTES } from '../limits.js';
import { formatAddress, type SerialAddress } from './address.js';
import type { FrameHub } from './frame-hub.js';
import { errorText } from './part-fault.js';
import { SerialLine } from './serial-line.js';

/** An open serial device, and the one connection that it carries at a time. */
export class SerialDevice {
  #line: SerialLine | undefined;

  /**
   * @param answers whether bytes that come in while there is no connection open one. The other side of a
   * serial line cannot be seen coming; it speaks.
   * @param onLost the device is gone: unplugged, or closed.
   */
  private constructor(
    private readonly port: SerialPort,
    private readonly address: SerialAddress,
    private readonly hub: FrameHub,
    private readonly answers: boolean,
    onLost: (reason: string) => void,
  ) {
    port.on('data', (chunk: Buffer) => { this.#take(chunk); });
    port.on('error', (error) => { this.#line?.end(errorText(error)); });
    port.on('close', (error?: Error | null) => {
      const reason = error === undefined || error === null ? 'the serial device was closed' : errorText(error);
      this.#line?.end(reason);
      onLost(reason);
    });
  }

  /** Opens it without a look at its modem lines: many cables do not carry them. Rejects with what is wrong. */
  static async open(
    address: SerialAddress,
    hub: FrameHub,
    options: { readonly answers: boolean; readonly onLost: (reason: string) => void },
  ): Promise<SerialDevice> {
    // Loaded only here: it brings a native add-on that no other part needs.
    const serialport = await import('serialport');
    const port = new serialport.SerialPort({
      path: address.path,
      baudRate: address.baud,
      autoOpen: false,
      rtscts: false,
      hupcl: false,
      highWaterMark: SERIAL_READ_BYTES,
    });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return new SerialDevice(port, address, hub, options.answers, options.onLost);
  }

  /** A connection over this device; undefined while it has one, or the hub has no room. */
  startLine(): SerialLine | undefined {
    if (this.#line !== undefined || !this.hub.hasRoom) return undefined;
    const line = new SerialLine(this.port, this.hub, formatAddress(this.address), this.address.baud, () => {
      this.#line = undefined;
      // A connection may have ended while it held up reading.
      this.port.resume();
    });
    this.#line = line;
    return line;
  }

  async close(): Promise<void> {
    if (!this.port.isOpen) return;
    await new Promise<void>((resolve) => {
      this.port.close(() => { resolve(); });
    });
  }

  #take(chunk: Buffer): void {
    const line = this.#line ?? (this.answers ? this.startLine() : undefined);
    if (line !== undefined && !line.take(chunk)) this.port.pause();
  }
}
