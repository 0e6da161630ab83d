import type { Coverage } from './coverage.js';
import { plain } from './input-file.js';
import { causeOf, minimize } from './minimize.js';
import { mutate } from './mutate.js';
import type { Below } from './mutate-bytes.js';
import { runInput } from './run-input.js';
import type { Input, Target } from './target.js';

/** An input with which a target did what it should not. */
export interface Found {
  readonly input: Input;
  readonly error: Error;
}

/** Time between two looks at the coverage, which take about a millisecond each. */
const BATCH_MS = 25;
const MAX_BATCH = 2_000;

/**
 * Fuzzes one target. Inputs that make new code run, or that end in a new way, are kept, and further ones are made
 * of them by changes.
 */
export class Fuzzer {
  readonly inputs: Input[] = [];
  readonly found: Found[] = [];
  readonly #outcomes = new Set<string>();
  readonly #causes = new Set<string>();
  #runs = 0;

  /** @param begins is told of each input before it runs: it may not come back. */
  constructor(
    private readonly target: Target,
    private readonly coverage: Coverage,
    private readonly below: Below,
    private readonly begins: (input: Input) => void = () => undefined,
  ) {}

  get runs(): number {
    return this.#runs;
  }

  /** The ways in which inputs ended. */
  get outcomes(): readonly string[] {
    return [...this.#outcomes].sort();
  }

  /** Keeps those of the inputs that show something new. Short ones come first: long ones have to show more. */
  add(inputs: readonly Input[]): void {
    for (const input of inputs.map((parts) => parts.map(plain)).sort((a, b) => bytesOf(a) - bytesOf(b))) {
      const isNewOutcome = this.#run(input);
      const look = this.coverage.look();
      if (isNewOutcome || this.coverage.isNew(look)) this.inputs.push(input);
      this.coverage.add(look);
    }
  }

  /** Tries some changes. */
  step(): void {
    const tried: Input[] = [];
    const endMs = performance.now() + BATCH_MS;
    while (tried.length < MAX_BATCH && performance.now() < endMs) {
      const input = mutate(this.#pick(), this.#pick(), this.below);
      tried.push(input);
      if (this.#run(input)) this.inputs.push(input);
    }
    const look = this.coverage.look();
    if (!this.coverage.isNew(look)) return;
    this.#isolate(tried);
    // What did not run again was no input's doing: code that runs once, or from time to time.
    this.coverage.add(look);
  }

  /** Finds the inputs that made new code run: by running smaller and smaller parts of them again. */
  #isolate(inputs: readonly Input[]): void {
    const middle = Math.ceil(inputs.length / 2);
    for (const part of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const input of part) this.#run(input);
      const look = this.coverage.look();
      if (!this.coverage.isNew(look)) continue;
      const [only] = part;
      if (part.length > 1) {
        this.#isolate(part);
      } else if (only !== undefined) {
        this.inputs.push(only);
        this.coverage.add(look);
      }
    }
  }

  /** One of the inputs; the newest more often, since least was made of them. */
  #pick(): Input {
    const { length } = this.inputs;
    const at = this.below(2) === 0 ? this.below(length) : length - 1 - this.below(Math.ceil(length / 4));
    return this.inputs[at] ?? [];
  }

  /** @returns whether it ended in a new way. */
  #run(input: Input): boolean {
    const { size } = this.#outcomes;
    const error = this.#errorOf(input);
    if (error !== undefined) this.#note(input, error);
    return this.#outcomes.size > size;
  }

  #errorOf(input: Input): Error | undefined {
    this.#runs += 1;
    this.begins(input);
    try {
      this.#outcomes.add(runInput(this.target, input));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Each cause is found once. */
  #note(input: Input, error: Error): void {
    const cause = causeOf(error);
    if (this.#causes.has(cause)) return;
    this.#causes.add(cause);
    const showsTheSame = (candidate: Input): boolean => {
      const other = this.#errorOf(candidate);
      return other !== undefined && causeOf(other) === cause;
    };
    this.found.push({ input: minimize(input, showsTheSame), error });
  }
}

function bytesOf(input: Input): number {
  return input.reduce((sum, part) => sum + part.length, 0);
}
