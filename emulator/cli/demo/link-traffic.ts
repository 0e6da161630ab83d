import type { CardStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';

/** What crossed the online link (224), in both directions, and what synchronization sent (316). */
export interface LinkTraffic {
  readonly dataBytes: number;
  /** Frames beside their data: requests, acknowledgements, heartbeats, lengths. */
  readonly metadataBytes: number;
  readonly grainsSent: number;
  /** Of the grains sent, those that were never written: they go as markers, without data. */
  readonly markerGrains: number;
}

/** The primary's account since it was switched on. */
export function trafficOf(primary: CardStatus): LinkTraffic {
  return {
    dataBytes: Number(primary.linkDataBytesSent + primary.linkDataBytesReceived),
    metadataBytes: Number(primary.linkMetadataBytesSent + primary.linkMetadataBytesReceived),
    grainsSent: Number(primary.grainsSynchronized),
    markerGrains: Number(primary.markerGrainsSynchronized),
  };
}

export function trafficBetween(before: LinkTraffic, after: LinkTraffic): LinkTraffic {
  return {
    dataBytes: after.dataBytes - before.dataBytes,
    metadataBytes: after.metadataBytes - before.metadataBytes,
    grainsSent: after.grainsSent - before.grainsSent,
    markerGrains: after.markerGrains - before.markerGrains,
  };
}

/** Hours that so many bytes take on a line, if nothing else uses it. */
export function lineHours(bytes: number, bitsPerSecond: number): number {
  return (bytes * 8) / bitsPerSecond / 3600;
}
