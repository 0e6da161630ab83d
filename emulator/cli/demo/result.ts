import type { Comparison } from './compare.js';
import type { Conventional } from './conventional.js';
import { lineHours, type LinkTraffic } from './link-traffic.js';
import type { Seeded } from './seed.js';
import { LINES } from './settings.js';
import type { Stage } from './stage.js';
import type { Synchronization } from './synchronization.js';
import type { Workload } from './workload.js';

const MS_PER_HOUR = 3_600_000;

export interface Measured {
  readonly seeded: Seeded;
  readonly synchronization: Synchronization;
  readonly resynchronization: Synchronization;
  readonly comparison: Comparison;
  readonly conventional: Conventional;
  readonly host: Workload['counts'];
}

/** The document of `demo --json`. Sizes in bytes, times in milliseconds where the name does not say hours. */
export type DemoResult = ReturnType<typeof resultOf>;

export function resultOf({ plan, model, story, meter }: Stage, measured: Measured) {
  const { seeded, synchronization, resynchronization, comparison, conventional, host } = measured;
  const { sizeBytes, grainBytes } = plan.geometry;
  return {
    volume: {
      sizeBytes,
      grainBytes,
      grainsTotal: comparison.grainsCompared,
      grainsWritten: comparison.grainsCompared - comparison.neverWritten,
      filledBytes: model.filledBytes,
    },
    steps: story.steps,
    thisMethod: {
      mediumBytes: seeded.mediumBytes,
      grainsDirtyBefore: synchronization.dirtyBefore,
      grainsDirtyAtMost: synchronization.dirtyAtMost,
      ...sentOver(synchronization.traffic),
      synchronizedMs: synchronization.durationMs,
      withoutUsableDataMs: seeded.withoutDataMs,
    },
    resynchronization: {
      grainsDirtyBefore: resynchronization.dirtyBefore,
      grainsDirtyAtMost: resynchronization.dirtyAtMost,
      ...sentOver(resynchronization.traffic),
      synchronizedMs: resynchronization.durationMs,
    },
    conventional: {
      ...sentOver(conventional.traffic),
      synchronizedMs: conventional.durationMs,
      withoutUsableDataMs: conventional.durationMs,
    },
    lines: LINES.map(({ name, bitsPerSecond }) => ({
      name,
      bitsPerSecond,
      thisMethodHours: lineHours(linkBytes(synchronization.traffic), bitsPerSecond),
      conventionalHours: lineHours(linkBytes(conventional.traffic), bitsPerSecond),
      // Without usable data: the medium does not use the line; a line faster than this machine's disks helps no more.
      thisMethodWithoutDataHours: seeded.withoutDataMs / MS_PER_HOUR,
      conventionalWithoutDataHours: Math.max(lineHours(linkBytes(conventional.traffic), bitsPerSecond), conventional.durationMs / MS_PER_HOUR),
    })),
    host: {
      writes: host.writes,
      bytes: host.bytes,
      longestGapMs: meter.longestGap().ms,
      longestGapDuring: meter.longestGap().during,
      slowestWriteMs: meter.slowestWrite().ms,
      slowestWriteDuring: meter.slowestWrite().during,
    },
    comparison: {
      equal: true,
      bytesCompared: comparison.bytesCompared,
      grainsNeverWritten: comparison.neverWritten,
      grainsNeverWrittenOverOldBytes: comparison.neverWrittenOverOldBytes,
    },
  };
}

function sentOver(traffic: LinkTraffic) {
  const { grainsSent, markerGrains, dataBytes, metadataBytes } = traffic;
  return { grainsSent, markerGrains, linkDataBytes: dataBytes, linkMetadataBytes: metadataBytes };
}

function linkBytes({ dataBytes, metadataBytes }: LinkTraffic): number {
  return dataBytes + metadataBytes;
}
