import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type CardStatus, FlashCopyState, JobState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../protos/status/sentences.js';
import { T0Window } from '../emulator/kill/t0-image.js';
import { isExpected } from './refusals.js';
import type { TorturedPair } from './tortured-pair.js';

/** A sealed medium, and what it may hold. */
export interface Medium {
  readonly path: string;
  readonly generation: bigint;
  readonly t0: T0Window;
}

interface Exporting {
  readonly path: string;
  readonly t0: T0Window;
  /** The command has been given: from here on T0 ends by itself once it is on the medium. */
  begun: boolean;
}

/** Media that are kept: the newest is needed, and one before helps to understand a failure. */
const MEDIA_KEPT = 2;

/** T0 and the media that carry it to the secondary (304 to 308). */
export class Media {
  #exporting: Exporting | undefined;
  #sealed: Medium[] = [];
  #loaded: Medium | undefined;
  #made = 0;

  constructor(
    private readonly pair: TorturedPair,
    private readonly directory: string,
  ) {}

  /** What the secondary was told to load last. */
  get loaded(): Medium | undefined {
    return this.#loaded;
  }

  /** Runs the command that takes T0. A card that was killed meanwhile may have taken it, or not. */
  async takingT0(command: () => Promise<boolean>): Promise<boolean> {
    const t0 = new T0Window(this.pair.model);
    try {
      const done = await command();
      this.#made += 1;
      this.#exporting = { path: join(this.directory, 'exported', `medium-${String(this.#made)}`), t0, begun: false };
      if (done) this.pair.tally.count('t0s');
      return done;
    } finally {
      t0.close();
    }
  }

  /** Takes notice of what has become of T0, and of loads. @throws Error when a job failed that had no reason to. */
  async note(p: CardStatus, s: CardStatus): Promise<void> {
    for (const { job } of [p, s]) {
      if (job?.state === JobState.FAILED && !isExpected(job.status)) throw new Error(`an export or load failed: ${statusName(job.status)} ${job.detail} (${job.path})`);
    }
    const exporting = this.#exporting;
    if (exporting === undefined || ![FlashCopyState.IDLE_OR_COPIED, FlashCopyState.STOPPED].includes(p.flashCopyState)) return;
    this.#exporting = undefined;
    // Who is no primary any more has given it up; and a full store has ended it.
    if (!exporting.begun || p.role !== Role.PRIMARY || p.flashCopyState === FlashCopyState.STOPPED) return;
    await this.#carry(exporting, p.generation);
  }

  /** Brings the newest T0 of this generation to the secondary, one step at a time. */
  async loadNext(p: CardStatus, s: CardStatus): Promise<void> {
    const medium = this.#sealed.filter(({ generation }) => generation === p.generation).at(-1);
    if (medium !== undefined) {
      if (!isRunning(s)) await this.#load(medium);
    } else if (p.flashCopyState === FlashCopyState.COPYING) {
      if (!isRunning(p)) await this.#export();
    } else {
      const { pair } = this;
      pair.journal.note('flash-copy start');
      await this.takingT0(async () => (await pair.ask(pair.primary, async (driver) => driver.startFlashCopy().then(() => true))) === true);
    }
  }

  async #export(): Promise<void> {
    const exporting = this.#exporting;
    if (exporting === undefined) throw new Error('the primary has a T0 that nobody asked for');
    const { pair } = this;
    await mkdir(join(this.directory, 'exported'), { recursive: true });
    pair.journal.note(`export to ${exporting.path}`);
    exporting.begun = true;
    await pair.ask(pair.primary, (driver) => driver.exportMedium({ path: exporting.path }));
  }

  /** 306. */
  async #carry({ path, t0 }: Exporting, generation: bigint): Promise<void> {
    const carried = `${path}-carried`;
    await rename(path, carried);
    this.#sealed.push({ path: carried, generation, t0 });
    for (const old of this.#sealed.splice(0, this.#sealed.length - MEDIA_KEPT)) await rm(old.path);
    this.pair.tally.count('media');
    this.pair.journal.note(`sealed: ${carried}`);
  }

  async #load(medium: Medium): Promise<void> {
    const { pair } = this;
    pair.journal.note(`load ${medium.path}`);
    await pair.ask(pair.secondary, (driver) => driver.loadMedium({ path: medium.path, overwrite: true }));
    // Another load each time, of the same medium too.
    this.#loaded = { ...medium };
  }
}

function isRunning({ job }: CardStatus): boolean {
  return job?.state === JobState.RUNNING;
}
