import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Files of lines in the torture's directory, for whoever has to understand a failure. */
export class Journal {
  readonly #startedMs = performance.now();
  readonly #files = new Map<string, WriteStream>();

  constructor(private readonly directory: string) {}

  /** What the torture does. */
  note(what: string): void {
    this.lineTo('torture', `${(performance.now() - this.#startedMs).toFixed(0).padStart(8)} ms  ${what}`);
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
