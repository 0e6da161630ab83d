/** One of those compared: does the work once, and returns how long the part that counts took. */
export interface Contender {
  readonly name: string;
  /** @returns seconds. */
  run(): Promise<number>;
}

/** Seconds of each contender in each counted round. */
export type Timings = ReadonlyMap<string, readonly number[]>;

export const ROUNDS = 7;

/**
 * Runs the contenders in turn, ROUNDS times, and forgets the first round. In turn, so that a machine that
 * drifts drifts for all of them.
 */
export async function interleave(contenders: readonly Contender[], rounds = ROUNDS): Promise<Timings> {
  const timings = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const seconds = await contender.run();
      if (round > 0) timings.get(contender.name)?.push(seconds);
    }
  }
  return timings;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** The median over the rounds of how fast `name` was beside `peer`: 1 is as fast, 0.5 takes twice as long. */
export function ratio(timings: Timings, name: string, peer: string): number {
  const own = timings.get(name) ?? [];
  const others = timings.get(peer) ?? [];
  return median(own.map((seconds, round) => (others[round] ?? Number.NaN) / seconds));
}

/** Runs something and returns its seconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
