import type { SimEvent } from '../../simulation/scheduler.js';

/** Events carry functions, which do not travel between threads. */
export function portable(events: readonly SimEvent[]): SimEvent[] {
  return events.map((event) => ({ ...event, run: undefined }));
}
