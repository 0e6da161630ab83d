import type { Operation } from '../../../emulator/simulation/power.js';
import type { Region } from '../../../firmware/metadata/nvram-layout.js';
import type { PairSide } from './pair-side.js';

/** Whether an operation changes a region of NVRAM. */
export function persists(operation: Operation, region: Region): boolean {
  return operation.kind === 'persist' && operation.offsetBytes < region.offsetBytes + region.lengthBytes && region.offsetBytes < operation.offsetBytes + operation.lengthBytes;
}

/** Whether an operation changes data. */
export function writesVolume(operation: Operation): boolean {
  return operation.part === 'volume' && (operation.kind === 'write' || operation.kind === 'zero');
}

/** Whether an operation makes data durable. */
export function flushesVolume(operation: Operation): boolean {
  return operation.part === 'volume' && operation.kind === 'flush';
}

/** Holds what `which` picks until {@link letGo}; everything else takes place at once. Returns what came, in order. */
export function holding(side: PairSide, which: (operation: Operation) => boolean): Operation[] {
  const seen: Operation[] = [];
  side.board.power.intercept = (operation) => {
    seen.push(operation);
    return which(operation) ? 'hold' : undefined;
  };
  return seen;
}

/** Ends {@link holding}. */
export function letGo(side: PairSide): void {
  side.board.power.intercept = undefined;
  side.board.power.release();
}

/** The grains whose durable dirty bit is set. */
export function dirtyGrains({ durable }: { readonly durable: Pick<PairSide['durable'], 'layout' | 'isDirty'> }): number[] {
  return Array.from({ length: durable.layout.grains }, (_, grain) => grain).filter((grain) => durable.isDirty(grain));
}
