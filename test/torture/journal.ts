import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

const RECENT_LINES = 25;

/** Files of lines in the torture's directory, for whoever has to understand a failure. */
export class Journal {
  readonly #startedMs = performance.now();
  readonly #files = new Map<string, WriteStream>();
  readonly #recent: string[] = [];

  constructor(private readonly directory: string) {}

  /** What the torture does. */
  note(what: string): void {
    const line = `${(performance.now() - this.#startedMs).toFixed(0).padStart(8)} ms  ${what}`;
    this.#recent.push(line);
    if (this.#recent.length > RECENT_LINES) this.#recent.shift();
    this.lineTo('torture', line);
  }

  /** What it did last. */
  get recent(): string {
    return this.#recent.join('\n');
  }

  lineTo(name: string, line: string): void {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = createWriteStream(join(this.directory, `${name}.log`));
      this.#files.set(name, file);
    }
    file.write(`${line}\n`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => new Promise<void>((resolve) => { file.end(resolve); })));
  }
}
