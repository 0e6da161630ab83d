import type { Trace } from '../../firmware/hal.js';
import type { Address } from '../../protos/lines/address.js';
import type { Attachment } from './attachment.js';
import type { FrameHub } from './frame-hub.js';
import { SerialListener } from './serial-port.js';
import { listenTcp } from './tcp-port.js';

/**
 * Lets whoever comes to `address` reach the hub.
 * @throws EmulatorError ADDRESS_NOT_USABLE
 */
export async function attach(hub: FrameHub, address: Address, trace: Trace): Promise<Attachment> {
  const attachment = address.kind === 'tcp' ? await listenTcp(hub, address) : new SerialListener(hub, address, trace);
  trace.event('listening', attachment.address);
  return attachment;
}
