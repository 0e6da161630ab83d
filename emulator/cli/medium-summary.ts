import type { MediumSummary } from '../../firmware/medium/medium-summary.js';
import { generationText, idText } from './ids.js';
import { formatBytes } from './sizes.js';

export type MediumSummaryJson = ReturnType<typeof mediumSummaryJson>;

/** What a medium says of itself. */
export function mediumSummaryJson(path: string, { label, seal, lengthBytes }: MediumSummary) {
  return {
    path,
    sealed: seal !== undefined,
    mediumId: idText(label.mediumId),
    relationshipId: idText(label.relationshipId),
    volumeId: idText(label.volumeId),
    generation: generationText(label.generation),
    t0Id: idText(label.t0Id),
    sizeBytes: Number(label.sizeBytes),
    grainBytes: label.grainBytes,
    firmwareVersion: label.firmwareVersion,
    lengthBytes,
    chunks: seal === undefined ? null : Number(seal.chunks),
    writtenGrains: seal === undefined ? null : Number(seal.writtenGrains),
    root: seal === undefined ? null : idText(seal.root),
  };
}

export function mediumSummaryText(medium: MediumSummaryJson): string {
  const lines = [
    `${medium.path}: ${medium.sealed ? 'sealed' : 'not sealed, the export was never completed'}`,
    `  medium        ${medium.mediumId ?? 'none'}, ${formatBytes(medium.lengthBytes)}, written by firmware ${medium.firmwareVersion}`,
    `  volume        ${medium.volumeId ?? 'none'}, ${formatBytes(medium.sizeBytes)} in grains of ${formatBytes(medium.grainBytes)}`,
    `  relationship  ${medium.relationshipId ?? 'none'}, generation ${medium.generation ?? 'none'}`,
    `  T0            ${medium.t0Id ?? 'none'}`,
  ];
  if (medium.sealed) {
    lines.push(`  content       ${String(medium.writtenGrains)} written grains in ${String(medium.chunks)} chunks`);
    lines.push(`  root          ${medium.root ?? 'none'}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
