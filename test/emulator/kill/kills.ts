/** What the cards were at, by their own word, in the moment before the kill. */
export type Phase = 'export' | 'load' | 'synchronization' | 'live' | 'recovery';

/** Counts the kills that hit their phase. */
export class Kills {
  readonly #counts = new Map<Phase, number>();
  readonly #story: string[] = [];
  readonly #startedMs = performance.now();

  of(phase: Phase): number {
    return this.#counts.get(phase) ?? 0;
  }

  /** @param how who was killed, and at what exactly. */
  hit(phase: Phase, how: string): void {
    this.#counts.set(phase, this.of(phase) + 1);
    this.tell(`kill in ${phase}: ${how}`);
  }

  /** For whoever has to understand a failure. */
  tell(what: string): void {
    this.#story.push(`${(performance.now() - this.#startedMs).toFixed(0).padStart(7)} ms  ${what}`);
  }

  get story(): string {
    return this.#story.join('\n');
  }

  /** `export 9, load 9` */
  get summary(): string {
    return [...this.#counts].map(([phase, count]) => `${phase} ${String(count)}`).join(', ');
  }
}
