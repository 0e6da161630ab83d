import type { HostDriver } from '../../../host-driver/index.js';
import type { GapMeter } from './gap-meter.js';
import { CHECK_BLOCK_BYTES, FUA_EVERY, HOST_WRITERS, THINK_MS } from './settings.js';
import type { TouchedGrains } from './touched-grains.js';
import type { VolumeModel } from './volume-model.js';
import type { BlockRange } from './write-pattern.js';

/** A host that uses the volume, and never stops of its own accord. */
export interface Workload {
  /** Rejects when a write fails: hosts are to notice nothing of all that happens to the pair. */
  readonly failed: Promise<never>;
  readonly counts: Readonly<WorkloadCounts>;
  /** Resolves when the last write is answered. */
  stop(): Promise<void>;
}

interface WorkloadCounts {
  writes: number;
  bytes: number;
}

export interface WorkloadParts {
  readonly driver: HostDriver;
  readonly model: VolumeModel;
  readonly nextRange: () => BlockRange;
  readonly meter: GapMeter;
  readonly touched: TouchedGrains;
  readonly sleep: (durationMs: number) => Promise<void>;
}

export function startWorkload(parts: WorkloadParts): Workload {
  const { driver, model, nextRange, meter, touched, sleep } = parts;
  const counts: WorkloadCounts = { writes: 0, bytes: 0 };
  let stopping = false;
  let submitted = 0;

  const writeOnce = async (): Promise<void> => {
    const { firstBlock, blocks } = nextRange();
    const { data, acknowledged } = model.nextWrite(firstBlock, blocks);
    const offsetBytes = firstBlock * CHECK_BLOCK_BYTES;
    submitted += 1;
    const left = touched.begin(offsetBytes, data.length);
    const answered = meter.begin();
    // Submitted in the order of the versions: nothing is awaited in between.
    await driver.write(offsetBytes, data, { fua: submitted % FUA_EVERY === 0 });
    answered();
    left();
    acknowledged();
    counts.writes += 1;
    counts.bytes += data.length;
  };
  const writer = async (): Promise<void> => {
    while (!stopping) {
      await writeOnce();
      await sleep(THINK_MS);
    }
  };

  meter.start();
  const writers = Promise.all(Array.from({ length: HOST_WRITERS }, writer));
  const failed = new Promise<never>((_resolve, reject) => { writers.catch(reject); });
  failed.catch(() => undefined); // It may come while nobody waits; `stop` tells it as well.
  return {
    failed,
    counts,
    stop: async () => {
      stopping = true;
      await writers;
    },
  };
}
