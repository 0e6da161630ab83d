import type { FramePort, Trace } from '../../firmware/hal.js';
import { MAX_HOST_CONNECTIONS, SPARE_HOST_CONNECTIONS } from '../../firmware/limits.js';
import type { Address } from '../../protos/lines/address.js';
import { attach } from './attach.js';
import type { Attachment } from './attachment.js';
import { FrameHub } from './frame-hub.js';
import { connectInProcess, type FrameChannel } from './memory-port.js';

/** The card's host port: one receive ring, whatever the hosts come over. */
export class HostPort {
  readonly #hub = new FrameHub(MAX_HOST_CONNECTIONS + SPARE_HOST_CONNECTIONS);
  readonly #attachments: Attachment[] = [];

  /** What the firmware sees. */
  get frames(): FramePort {
    return this.#hub;
  }

  /** Where hosts find the card, as the addresses turned out. */
  get addresses(): readonly string[] {
    return this.#attachments.map((attachment) => attachment.address);
  }

  /** @throws EmulatorError ADDRESS_NOT_USABLE */
  async listen(address: Address, trace: Trace): Promise<void> {
    this.#attachments.push(await attach(this.#hub, address, trace));
  }

  /** A host in this process; undefined when too many are connected. */
  connectInProcess(): FrameChannel | undefined {
    return connectInProcess(this.#hub, 'this process');
  }

  async close(): Promise<void> {
    await Promise.all(this.#attachments.map((attachment) => attachment.close()));
  }
}
