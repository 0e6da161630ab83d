import type { FrameSink } from '../protos/framing/frame-sink.js';
import type { TransportEvents } from './transport-events.js';

/**
 * The memory in which a transport puts its frames together: one buffer, used for frame after frame, since a
 * frame is done with when its handler returns. It grows to the longest frame seen, which the receiver limits.
 */
export function frameAssembly(events: TransportEvents): FrameSink {
  let memory = new Uint8Array(0);
  return {
    needBuffer: (lengthBytes) => {
      if (memory.length < lengthBytes) memory = new Uint8Array(lengthBytes);
      return memory;
    },
    frame: (buffer, lengthBytes) => {
      events.frame(buffer.subarray(0, lengthBytes));
    },
  };
}
