import type { SerialPort } from 'serialport';
import type { SerialAddress } from '../../protos/lines/address.js';
import { mendPort, serialSettings } from '../../protos/lines/serial-port.js';
import { SERIAL_READ_BYTES } from '../limits.js';
import type { FrameHub } from './frame-hub.js';
import { errorText } from './part-fault.js';
import { SerialLine } from './serial-line.js';
import { SerialWriter } from './serial-writer.js';

/** An open serial device, and the one connection that it carries at a time. */
export class SerialDevice {
  readonly #writer: SerialWriter;
  #line: SerialLine | undefined;
  #lost = false;

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
    private readonly onLost: (reason: string) => void,
  ) {
    mendPort(port);
    this.#writer = new SerialWriter(port);
    port.on('data', (chunk: Buffer) => { this.#take(chunk); });
    port.on('error', (error) => { this.#line?.end(errorText(error)); });
    port.on('close', (error?: Error | null) => {
      this.#closed(error === undefined || error === null ? 'the device was closed' : errorText(error));
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
    const port = new serialport.SerialPort({ ...serialSettings(address.path, address.baud), highWaterMark: SERIAL_READ_BYTES });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error === null) resolve();
        else reject(new Error(reasonNotOpened(error)));
      });
    });
    return new SerialDevice(port, address, hub, options.answers, options.onLost);
  }

  /** A connection over this device; undefined while it has one, when it is gone, or when the hub has no room. */
  startLine(): SerialLine | undefined {
    if (this.#line !== undefined || this.#lost || !this.hub.hasRoom) return undefined;
    const line = new SerialLine(this.port, this.#writer, this.hub, this.address, () => {
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

  /** Told twice when a write finds the device gone: by the stream that fails, and by the port that is closed then. */
  #closed(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#line?.end(reason);
    this.onLost(reason);
  }

  #take(chunk: Buffer): void {
    const line = this.#line ?? (this.answers ? this.startLine() : undefined);
    if (line !== undefined && !line.take(chunk)) this.port.pause();
  }
}

/** What the bindings report, in words that tell what to do. */
function reasonNotOpened(error: Error): string {
  const text = errorText(error);
  return text.includes('Cannot lock port') ? 'it is in use, by another program or by another port of this card' : text.replace(/^Error:? */, '');
}
