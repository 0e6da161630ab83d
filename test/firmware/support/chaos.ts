import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { HostModel } from './host-model.js';
import { Pair, type PairOptions } from './pair.js';
import type { PairSide } from './pair-side.js';

export interface ChaosOptions extends PairOptions {
  /** Whose power is cut, again and again. */
  readonly cuts?: readonly ('primary' | 'secondary')[];
  /** A persist in the middle of which the power goes leaves damaged lines. */
  readonly damage?: boolean;
  /** The line is cut, noticed or not, and comes back. */
  readonly lineFaults?: boolean;
  /** Operators stop, start, disconnect and connect. */
  readonly operators?: boolean;
  /** Operators split the pair as well: hosts write to the secondary, and what they wrote is given up again. */
  readonly forks?: boolean;
  readonly steps?: number;
  /** Looks at the pair after each step. */
  readonly watch?: (pair: Pair) => void;
  /** The host writes to this many blocks from the start of the volume. */
  readonly spanBlocks?: number;
}

const DEFAULT_STEPS = 80;
const MOVES_A_STEP = 30;
const WRITES_IN_FLIGHT = 6;
/** Effects between boot and the next cut, at most. */
const CUT_WITHIN_EFFECTS = 250;

/** What {@link chaos} leaves behind when everything has come to rest. */
export interface Aftermath {
  readonly pair: Pair;
  readonly model: HostModel;
  readonly cuts: number;
}

/**
 * Establishes, connects and writes while everything goes wrong that the options name; then faults stop. Throws as
 * soon as a rule is seen broken; afterwards the pair has converged, and every durable write is on both cards.
 */
export function chaos(options: ChaosOptions): Aftermath {
  const pair = new Pair({ storm: true, watchCover: true, maxPayloadBytes: 2048, ...options });
  const model = new HostModel(pair.primary.board.geometry.sizeBytes);
  const run = new ChaosRun(pair, model, options);
  for (let step = 0; step < (options.steps ?? DEFAULT_STEPS); step += 1) run.step(step);
  run.end();
  return { pair, model, cuts: run.cuts };
}

class ChaosRun {
  cuts = 0;

  constructor(
    private readonly pair: Pair,
    private readonly model: HostModel,
    private readonly options: ChaosOptions,
  ) {
    this.#aim();
  }

  step(step: number): void {
    const { pair, model } = this;
    const { primary, secondary, random } = pair;
    if (step === 5 && primary.isUp) primary.admin({ case: 'establish', value: { secondaryName: 'S', flashCopy: false } });
    if (step % 15 === 0 && step > 0 && secondary.isUp && secondary.status().role === Role.STANDALONE) this.#connect();
    if (primary.isUp && model.inFlight < WRITES_IN_FLIGHT) model.any(primary, random, this.options.spanBlocks ?? 160);
    if (this.options.lineFaults === true && random() < 0.06) this.#disturbLine();
    if (this.options.operators === true && random() < 0.1) this.#operate();
    if (this.options.forks === true) this.#fork();
    for (let i = 0; i < MOVES_A_STEP && pair.move(); i += 1);
    if (random() < 0.2) for (const side of pair.sides) side.board.clock.advance(50 + Math.floor(random() * 600));
    for (const side of pair.sides) if (!side.board.power.on && random() < 0.4) this.#bringUp(side);
    model.note();
    this.options.watch?.(pair);
  }

  /** Faults stop; the pair has a minute of its own time to converge (rule 18). */
  end(): void {
    const { pair, model } = this;
    for (const side of pair.sides) side.board.power.cutAfter(Number.POSITIVE_INFINITY);
    for (const side of pair.sides) if (!side.board.power.on) this.#bringUp(side, false);
    if (!pair.wire.up) pair.wire.restore();
    pair.settle();
    converge(pair);
    const faults = [...pair.differingGrains().map((grain) => `grain ${String(grain)} differs`), ...model.faults(pair.primary.durable.volume())];
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  #connect(): void {
    this.pair.secondary.admin({ case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
  }

  /** Sets the next cut of those that are to be cut. */
  #aim(): void {
    for (const name of this.options.cuts ?? []) this.pair[name].board.power.cutAfter(Math.floor(this.pair.random() * CUT_WITHIN_EFFECTS));
  }

  #bringUp(side: PairSide, again = true): void {
    const { pair, model } = this;
    this.cuts += 1;
    model.note();
    side.powerOff({ damage: this.options.damage === true, silent: pair.random() < 0.3 });
    const uncovered = pair.uncoveredGrains();
    if (uncovered.length > 0) throw new Error(`rule 1: after a cut grains ${uncovered.join(', ')} differ, and no bit says so`);
    if (side === pair.primary) {
      const volume = side.durable.volume();
      const blocksAGrain = side.board.geometry.grainBytes / BLOCK_BYTES;
      const faults = model.faults(volume, (block) => side.durable.isWrittenDamaged(Math.floor(block / blocksAGrain)));
      if (faults.length > 0) throw new Error(`rule 4: after a cut of the primary\n${faults.join('\n')}`);
      model.settleOn(volume);
    }
    const cutting = (this.options.cuts ?? []).some((name) => pair[name] === side);
    if (again && cutting) side.board.power.cutAfter(Math.floor(pair.random() * CUT_WITHIN_EFFECTS));
    side.boot();
    side.board.power.intercept = () => 'hold';
  }

  #disturbLine(): void {
    const { wire, random } = this.pair;
    if (wire.up) wire.cut(random() < 0.5);
    else wire.restore();
  }

  #fork(): void {
    const { secondary, random } = this.pair;
    if (!secondary.isUp) return;
    if (random() < 0.08) secondary.admin({ case: 'stop', value: { access: true } });
    else if (random() < 0.05) secondary.admin({ case: 'start', value: { discardSecondary: random() < 0.7 } });
    if (!secondary.status().secondaryAccess || random() < 0.5) return;
    secondary.write(Math.floor(random() * 200) * BLOCK_BYTES, new Uint8Array(3 * BLOCK_BYTES).fill(0xf0), random() < 0.3);
  }

  #operate(): void {
    const { primary, secondary, random } = this.pair;
    const side = random() < 0.5 ? primary : secondary;
    if (!side.isUp) return;
    const commands = [
      { case: 'stop', value: { access: false } },
      { case: 'start', value: { discardSecondary: false } },
      { case: 'disconnectPeer', value: {} },
      { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } },
    ] as const;
    const command = commands[Math.floor(random() * commands.length)];
    if (command !== undefined) side.admin(command);
  }
}

/** Does what an operator would, until the pair is synchronized and its intents are swept. */
export function converge(pair: Pair): void {
  const { primary, secondary } = pair;
  pair.until('the cards come up', () => primary.isUp && secondary.isUp);
  if (primary.status().role === Role.STANDALONE) pair.establish();
  if (primary.status().stopped) pair.command(primary, { case: 'start', value: { discardSecondary: false } });
  if (secondary.status().role === Role.STANDALONE) pair.connect(true);
  if (secondary.status().stopped) pair.command(secondary, { case: 'start', value: { discardSecondary: true } });
  if (!secondary.status().connectWished) pair.connect();
  pair.untilSynchronized();
  pair.untilSwept();
}
