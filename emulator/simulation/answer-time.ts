import type { SimHosts } from './hosts.js';
import type { Complain } from './rules.js';

const US_A_MS = 1000;
/**
 * A line is lost after 4 s of silence, which is looked at every half second; one that is dead in one direction after
 * twice that. A number of the judge's own: the firmware's limit is what is judged.
 */
const LINE_LOST_US = 9_000_000;
/** Operations of parts that take hundreds of times as long as usual (`SLOWNESS`), in a row: of 600 seeds the slowest answer took 8 s. */
const SLOW_PARTS_US = 6_000_000;
/** How long a host waits for an answer, at most. */
const MOST_US = LINE_LOST_US + SLOW_PARTS_US;

/** Rule 4: a lost link degrades to tracking, so whatever becomes of it, hosts of the primary are answered in time. */
export class AnswerTime {
  constructor(
    private readonly hosts: SimHosts,
    private readonly complain: Complain,
  ) {}

  note(): void {
    const { oldestUs } = this.hosts;
    if (oldestUs === undefined) return;
    const waitedUs = this.hosts.card.power.scheduler.nowUs - oldestUs;
    if (waitedUs > MOST_US) this.complain(4, 'state', `a host has waited for ${String(Math.round(waitedUs / US_A_MS))} ms, and longer than a lost link takes to be noticed`);
  }
}
