/** Where a frame goes. */
export type Way = 'to the primary' | 'to the secondary';

export const WAYS: readonly Way[] = ['to the primary', 'to the secondary'];

/**
 * What may happen to one frame:
 * - `drop`: it is lost, and what follows arrives.
 * - `duplicate`: it arrives twice in a row.
 * - `delay`: the next frame overtakes it.
 * - `late`: it is lost, and arrives in the midst of a later connection.
 * - `tear`: its first half arrives, and the connection is cut.
 */
export type FrameFault = 'drop' | 'duplicate' | 'delay' | 'late' | 'tear';

export const FRAME_FAULTS: readonly FrameFault[] = ['drop', 'duplicate', 'delay', 'late', 'tear'];

export interface ArmedFault {
  readonly fault: FrameFault;
  /** Frames of its way that pass before it strikes. */
  readonly framesBefore: number;
}

/**
 * What may happen to the line:
 * - `cut`: connections end, and both cards are told.
 * - `refuse`: a cut, and no new connection until it is mended.
 * - `stall`: nothing passes until it is mended, and all of it passes then.
 * - `deafen`: frames of one way vanish until it is mended.
 * - `half-open`: one card is told of the connection's end, the other one hears no more.
 */
export type LineFault = 'cut' | 'refuse' | 'stall' | 'deafen' | 'half-open';

export type LinkFault = FrameFault | LineFault;
