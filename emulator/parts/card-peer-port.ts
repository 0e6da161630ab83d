import type { Completion, PeerPort, PortEvent, Trace } from '../../firmware/hal.js';
import { MAX_PEER_CONNECTIONS } from '../../firmware/limits.js';
import { type Address, formatAddress } from '../../protos/lines/address.js';
import { emulatorErrors } from '../errors.js';
import { MIN_PEER_BAUD, SPARE_CONNECTIONS } from '../limits.js';
import { parseAddress } from './address.js';
import { attach } from './attach.js';
import type { Attachment } from './attachment.js';
import { FrameHub } from './frame-hub.js';
import { errorText } from './part-fault.js';
import { SerialDialler } from './serial-port.js';
import { TcpDialler } from './tcp-port.js';

/** The online link (224) over TCP or a serial line: a primary listens, a secondary dials. */
export class CardPeerPort implements PeerPort {
  readonly #hub = new FrameHub(MAX_PEER_CONNECTIONS + SPARE_CONNECTIONS);
  readonly #tcp = new TcpDialler(this.#hub);
  readonly #serial = new SerialDialler(this.#hub);
  #listener: Attachment | undefined;

  get listening(): boolean {
    return this.#listener !== undefined;
  }

  /** Where secondaries find this card, as it turned out. */
  get address(): string | undefined {
    return this.#listener?.address;
  }

  /** @throws EmulatorError ADDRESS_NOT_USABLE */
  async listen(address: Address, trace: Trace): Promise<void> {
    const fault = linkFault(address);
    if (fault !== undefined) throw emulatorErrors.addressNotUsable(formatAddress(address), fault);
    this.#listener = await attach(this.#hub, address, trace);
  }

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    this.#hub.receive(buffer, done);
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    this.#hub.send(connection, head, payload, done);
  }

  close(connection: number): void {
    this.#hub.close(connection);
  }

  maxPayloadBytes(connection: number): number {
    return this.#hub.maxPayloadBytes(connection);
  }

  dial(address: string, done: Completion<number>): void {
    let parsed: Address;
    try {
      parsed = parseAddress(address);
    } catch (error) {
      done.fail({ part: 'port', kind: 'not-found', text: errorText(error) });
      return;
    }
    const fault = linkFault(parsed);
    if (fault !== undefined) done.fail({ part: 'port', kind: 'closed', text: `${formatAddress(parsed)} cannot be used: ${fault}` });
    else if (parsed.kind === 'tcp') this.#tcp.dial(parsed, done);
    else this.#serial.dial(parsed, done);
  }

  async shutDown(): Promise<void> {
    await Promise.all([this.#listener?.close(), this.#tcp.close(), this.#serial.close()]);
  }
}

/** Why an address that is one is none for the online link. */
function linkFault(address: Address): string | undefined {
  if (address.kind === 'tcp' || address.baud >= MIN_PEER_BAUD) return undefined;
  return `the link to the peer card needs ${String(MIN_PEER_BAUD)} baud or more`;
}
