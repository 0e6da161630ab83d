import { type Profiler, Session } from 'node:inspector';

/** What ran between two looks: by function, one byte for each of its characters. */
export type Look = ReadonlyMap<string, Uint8Array>;

/**
 * Which code has run, as V8 itself counts it: by block, in whatever modules are loaded, without changing them.
 * A look takes about a millisecond, so it is taken for many inputs together.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Map<string, Uint8Array>();
  #characters = 0;

  /** @param isWatched picks the modules that count, by their URL. */
  constructor(private readonly isWatched: (url: string) => boolean) {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Characters of source that have run in the looks that were added. */
  get characters(): number {
    return this.#characters;
  }

  /** What has run since the last look. */
  look(): Look {
    const look = new Map<string, Uint8Array>();
    for (const { url, functions } of this.#take()) {
      if (!this.isWatched(url)) continue;
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole !== undefined && whole.count > 0) look.set(`${url} ${String(whole.startOffset)} ${String(whole.endOffset)}`, painted(whole, ranges));
      }
    }
    return look;
  }

  /** Whether anything in it was in no look that was added. */
  isNew(look: Look): boolean {
    for (const [key, now] of look) {
      const seen = this.#seen.get(key);
      if (seen === undefined || now.some((ran, at) => ran > (seen[at] ?? 0))) return true;
    }
    return false;
  }

  add(look: Look): void {
    for (const [key, now] of look) {
      const seen = this.#seen.get(key) ?? new Uint8Array(now.length);
      this.#seen.set(key, seen);
      for (const [at, ran] of now.entries()) {
        if (ran <= (seen[at] ?? 0)) continue;
        seen[at] = 1;
        this.#characters += 1;
      }
    }
  }

  close(): void {
    this.#session.disconnect();
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // The session is of this thread, and answers before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      scripts = result;
    });
    return scripts;
  }
}

/** @param ranges the whole of a function first, and blocks behind what they stand in. Functions in it have their own. */
function painted(whole: Profiler.CoverageRange, ranges: readonly Profiler.CoverageRange[]): Uint8Array {
  const { startOffset, endOffset } = whole;
  const characters = new Uint8Array(endOffset - startOffset);
  for (const range of ranges) characters.fill(range.count > 0 ? 1 : 0, range.startOffset - startOffset, range.endOffset - startOffset);
  return characters;
}
