import type { Completion, PeerPort, PortEvent } from '../../firmware/hal.js';
import { MAX_PEER_CONNECTIONS } from '../../firmware/limits.js';
import { SPARE_CONNECTIONS } from '../limits.js';
import { FrameHub } from './frame-hub.js';
import { MemoryLine } from './memory-port.js';

/** The online link (224) between two cards in one process. */
export interface MemoryLink {
  readonly primary: PeerPort;
  readonly secondary: PeerPort;
  /** Ends every connection; dialling fails until the link is mended. */
  cut(): void;
  mend(): void;
}

/** Two peer ports wired to each other, whatever address is dialled. */
export function memoryLink(): MemoryLink {
  const wire: Wire = { whole: true, lines: new Set() };
  const primary = new MemoryPeerPort(wire);
  const secondary = new MemoryPeerPort(wire);
  primary.other = secondary;
  secondary.other = primary;
  return {
    primary,
    secondary,
    cut: () => {
      wire.whole = false;
      for (const line of wire.lines) line.end('the link was cut');
    },
    mend: () => { wire.whole = true; },
  };
}

interface Wire {
  whole: boolean;
  readonly lines: Set<MemoryLine>;
}

class MemoryPeerPort implements PeerPort {
  readonly listening = true;
  readonly hub = new FrameHub(MAX_PEER_CONNECTIONS + SPARE_CONNECTIONS);
  other: MemoryPeerPort | undefined;

  constructor(private readonly wire: Wire) {}

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    this.hub.receive(buffer, done);
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    this.hub.send(connection, head, payload, done);
  }

  close(connection: number): void {
    this.hub.close(connection);
  }

  maxPayloadBytes(connection: number): number {
    return this.hub.maxPayloadBytes(connection);
  }

  dial(_address: string, done: Completion<number>): void {
    const { other } = this;
    if (!this.wire.whole || other?.hub.hasRoom !== true || !this.hub.hasRoom) {
      done.fail({ part: 'port', kind: 'closed', text: 'the link is cut' });
      return;
    }
    const here = this.#line(this.hub);
    const there = this.#line(other.hub);
    this.#join(here, there);
    this.#join(there, here);
    done.succeed(here.connection);
  }

  #line(hub: FrameHub): MemoryLine {
    const line = new MemoryLine(hub, 'memory');
    this.wire.lines.add(line);
    return line;
  }

  /** What one line gives out, the other takes in. */
  #join(from: MemoryLine, to: MemoryLine): void {
    from.channel.onFrame((frame) => { to.channel.send([frame]); });
    from.channel.onClose(() => {
      this.wire.lines.delete(from);
      to.channel.close();
    });
  }
}
