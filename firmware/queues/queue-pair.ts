import { Ring } from '../kernel/ring.js';
import { CompletionQueue } from './completion-queue.js';
import { SubmissionQueue } from './submission-queue.js';

/** What a queue pair has to know of a command, and of the completion that ends it. */
export interface Identified {
  readonly commandId: number;
}

/** A completion as it stands in the queue. */
export interface Posted<Finished> {
  readonly finished: Finished;
  /** How far the card had consumed the submission queue. */
  readonly sqHead: number;
  readonly phase: boolean;
}

export type Admission = 'admitted' | 'queue-full' | 'id-in-use';

/**
 * A submission and a completion queue of one depth. A command is open from its admission until its
 * completion is posted, and at most `depth` are. So a host that keeps to its depth is never refused, even if
 * it hears of a completion before the card hears that it was sent; and the card keeps two queues full at most,
 * one of open commands and one of completions not yet sent.
 */
export class QueuePair<Submitted extends Identified, Finished extends Identified> {
  readonly submissions: SubmissionQueue<Submitted>;
  readonly completions: CompletionQueue<Posted<Finished>>;
  readonly #openIds = new Set<number>();
  /** Ended, but the completion queue was full: still open. */
  readonly #ended: Ring<Finished>;

  constructor(
    readonly queue: number,
    readonly depth: number,
  ) {
    this.submissions = new SubmissionQueue(depth);
    this.completions = new CompletionQueue(depth);
    this.#ended = new Ring(depth);
  }

  get open(): number {
    return this.#openIds.size;
  }

  /** Puts a command into the submission queue and rings its doorbell. */
  submit(command: Submitted): Admission {
    if (this.#openIds.size === this.depth) return 'queue-full';
    if (this.#openIds.has(command.commandId)) return 'id-in-use';
    const { submissions } = this;
    if (!submissions.put(command) || !submissions.ring(submissions.tail)) {
      throw new Error('a submission queue holds more than its open commands');
    }
    this.#openIds.add(command.commandId);
    return 'admitted';
  }

  /** Posts the completion of an open command, as soon as the completion queue has a slot. */
  complete(finished: Finished): void {
    if (!this.completions.full) this.#post(finished);
    else if (!this.#ended.push(finished)) throw new Error('more commands ended than were open');
  }

  /** Posts a completion for what was not admitted. Returns false when the completion queue is full. */
  refuse(finished: Finished): boolean {
    return this.completions.post(this.#posted(finished));
  }

  /** The oldest completion that was taken has been sent: its slot is free. */
  sent(): void {
    const { completions } = this;
    if (!completions.ring((completions.head + 1) % this.depth)) throw new Error('more completions were sent than taken');
    const next = this.#ended.shift();
    if (next !== undefined) this.#post(next);
  }

  /** Nobody reads the completions any more. Returns those that were not taken. */
  abandon(): Finished[] {
    const left: Finished[] = [];
    for (let posted = this.completions.take(); posted !== undefined; posted = this.completions.take()) left.push(posted.finished);
    for (let ended = this.#ended.shift(); ended !== undefined; ended = this.#ended.shift()) left.push(ended);
    return left;
  }

  #post(finished: Finished): void {
    this.#openIds.delete(finished.commandId);
    this.completions.post(this.#posted(finished));
  }

  #posted(finished: Finished): Posted<Finished> {
    return { finished, sqHead: this.submissions.head, phase: this.completions.phase };
  }
}
