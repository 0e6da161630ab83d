import { create } from '@bufbuild/protobuf';
import { type Command, CommandSchema, type Completion } from '../protos/gen/grainlink/host/v1/host_pb.js';
import { type Anomalies } from './anomalies.js';
import { CompletionPhase } from './completion-phase.js';
import { type Pace } from './pace.js';
import { SubmissionRing } from './submission-ring.js';
import type { Submission, Work } from './work.js';

/** What the driver remembers of a command in flight. */
interface Tracker {
  readonly commandId: number;
  readonly work: Work;
  readonly submission: Submission;
  readonly deadlineMs: number;
}

/** A command id is the tracker's place, and above it how often that place was used: an old answer is told by it. */
const USE_SHIFT = 16;
const USE_MASK = 0x7fff;

/**
 * A submission and a completion queue, as the host sees them. It keeps at most `depth` commands in flight;
 * further works wait in the order of the calls.
 */
export class QueuePair {
  readonly #ring: SubmissionRing;
  readonly #phase: CompletionPhase;
  readonly #trackers: (Tracker | undefined)[];
  readonly #uses: Uint16Array;
  readonly #freePlaces: number[] = [];
  readonly #waiting: Work[] = [];
  #bytesInFlight = 0;
  #blocked = false;
  #failure: Error | undefined;

  /** @param send puts a command on the line; false: it goes out, but no more before {@link resume}. */
  constructor(
    private readonly queue: number,
    readonly depth: number,
    private readonly pace: Pace,
    private readonly anomalies: Anomalies,
    private readonly send: (command: Command, payload: Uint8Array | undefined) => boolean,
  ) {
    this.#ring = new SubmissionRing(depth);
    this.#phase = new CompletionPhase(depth);
    this.#trackers = new Array<Tracker | undefined>(depth).fill(undefined);
    this.#uses = new Uint16Array(depth);
    for (let place = depth - 1; place >= 0; place -= 1) this.#freePlaces.push(place);
  }

  get inFlight(): number {
    return this.depth - this.#freePlaces.length;
  }

  enqueue(work: Work): void {
    if (this.#failure !== undefined) {
      work.failed(this.#failure);
      return;
    }
    this.#waiting.push(work);
    this.#pump();
  }

  /** The line takes frames again. */
  resume(): void {
    this.#blocked = false;
    this.#pump();
  }

  /** A completion for this queue came; `data` is valid during the call alone. */
  complete(completion: Completion, data: Uint8Array): void {
    if (!this.#phase.follow(completion.phase)) this.anomalies.outOfPhase += 1;
    const place = completion.commandId & (2 ** USE_SHIFT - 1);
    const tracker = this.#trackers[place];
    if (tracker?.commandId !== completion.commandId) {
      this.anomalies.unknownCompletions += 1;
      return;
    }
    this.#trackers[place] = undefined;
    this.#freePlaces.push(place);
    if (!this.#ring.consumedTo(completion.sqHead, this.inFlight)) this.anomalies.impossibleHeads += 1;
    this.#bytesInFlight -= tracker.submission.dataBytes;
    tracker.work.completed(tracker.submission, completion, data);
    this.#pump();
  }

  /** What has a command in flight whose time is over at `nowMs`. */
  overdue(nowMs: number): Work[] {
    const works: Work[] = [];
    for (const tracker of this.#trackers) {
      if (tracker !== undefined && tracker.deadlineMs <= nowMs) works.push(tracker.work);
    }
    return works;
  }

  /** The end: everything in flight or waiting fails with `error`, and so does what is asked for later. */
  fail(error: Error): void {
    this.#failure ??= error;
    const inFlight = this.#trackers.splice(0);
    const waiting = this.#waiting.splice(0);
    for (const tracker of inFlight) tracker?.work.failed(error);
    for (const work of waiting) work.failed(error);
  }

  #pump(): void {
    while (!this.#blocked) {
      const work = this.#waiting[0];
      if (work === undefined || this.#freePlaces.length === 0) return;
      const submission = work.next();
      if (submission === undefined) this.#waiting.shift();
      else this.#submit(work, submission);
    }
  }

  #submit(work: Work, submission: Submission): void {
    const place = this.#freePlaces.pop() ?? 0; // The caller has seen that one is free.
    const use = ((this.#uses[place] ?? 0) + 1) & USE_MASK;
    this.#uses[place] = use;
    const commandId = use * 2 ** USE_SHIFT + place;
    this.#bytesInFlight += submission.dataBytes;
    this.#trackers[place] = { commandId, work, submission, deadlineMs: this.pace.deadlineMs(this.#bytesInFlight) };
    this.#ring.submit();
    const { opcode, lba, blocks, fua, admin } = submission;
    const command = create(CommandSchema, { queue: this.queue, commandId, volume: 0, opcode, lba, blocks, fua });
    if (admin !== undefined) command.admin = admin;
    this.#blocked = !this.send(command, submission.payload);
  }
}
