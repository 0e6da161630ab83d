import { formatBytes } from '../sizes.js';
import type { DemoResult } from './result.js';
import { secondsText } from './story.js';

type Row = readonly [label: string, thisMethod: string, conventional: string];

/** The end of the demo: what it came to, for people. */
export function resultText(result: DemoResult): string {
  const { volume, thisMethod, conventional, lines, host } = result;
  const allGrains = String(volume.grainsTotal);
  return [
    table([
      ['What crossed the link until the pair was in sync', 'this method', 'conventional'],
      ['  grains of the volume', allGrains, allGrains],
      ['  grains ever written', String(volume.grainsWritten), String(volume.grainsWritten)],
      ['  grains dirty when the secondary asked', String(thisMethod.grainsDirtyBefore), `${allGrains} (all)`],
      ['  grains sent', String(thisMethod.grainsSent), String(conventional.grainsSent)],
      ['    of these never written, sent as markers', String(thisMethod.markerGrains), String(conventional.markerGrains)],
      ['  data', formatBytes(thisMethod.linkDataBytes), formatBytes(conventional.linkDataBytes)],
      ['  metadata', formatBytes(thisMethod.linkMetadataBytes), formatBytes(conventional.linkMetadataBytes)],
      ['  carried on the medium instead', formatBytes(thisMethod.mediumBytes), '0 B'],
    ]),
    'Data and metadata of this method include the writes that the host made while grains were sent; during the\n' +
      'conventional method the host was quiet. Grains dirty grow with the journey of the medium, and no others are sent.',
    table([
      ['These bytes on a leased line', 'this method', 'conventional'],
      ...lines.map(({ name, thisMethodHours, conventionalHours }): Row => [`  ${name}`, hoursText(thisMethodHours), hoursText(conventionalHours)]),
    ]),
    table([
      ['The secondary without usable data', 'this method', 'conventional'],
      ['  measured here, where no line is in between', secondsText(thisMethod.withoutUsableDataMs), secondsText(conventional.withoutUsableDataMs)],
      ...lines.map(({ name, conventionalWithoutDataHours }): Row => [`  on ${name}`, 'the same', hoursText(conventionalWithoutDataHours)]),
    ]),
    'This method: from the establishment (302) until the medium is loaded (308) and T0 can be read; add the journey\n' +
      'of the medium, which no line delays. Conventional: until the last grain has come over the line.',
    table([
      ['The host meanwhile', '', ''],
      ['  writes completed', String(host.writes), formatBytes(host.bytes)],
      ['  longest gap between two completions', millisecondsText(host.longestGapMs), `in step ${host.longestGapDuring}`],
      ['  slowest single write', millisecondsText(host.slowestWriteMs), `in step ${host.slowestWriteDuring}`],
    ], 'left'),
    'Both cards, the host and all the rest share the cores and the disk of this machine; that is in these times.\n',
  ].join('\n\n');
}

/** `0.39 h (23 min)`: hours, and beside them what is easier to imagine. */
function hoursText(hours: number): string {
  const seconds = hours * 3600;
  const digits = hours >= 100 ? 0 : hours >= 1 ? 1 : hours >= 0.01 ? 3 : 5;
  const beside = seconds < 120 ? `${seconds.toFixed(1)} s` : seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(hours / 24).toFixed(1)} d`;
  return `${hours.toFixed(digits)} h (${beside})`;
}

function millisecondsText(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

/** Columns as wide as their widest cell; numbers are set right. */
function table(rows: readonly Row[], last: 'left' | 'right' = 'right'): string {
  const width = (column: 0 | 1 | 2): number => Math.max(...rows.map((row) => row[column].length));
  const [labels, numbers, others] = [width(0), width(1), width(2)];
  return rows
    .map(([label, thisMethod, conventional]) => {
      const end = last === 'left' ? conventional : conventional.padStart(others);
      return `${label.padEnd(labels)}  ${thisMethod.padStart(numbers)}  ${end}`.trimEnd();
    })
    .join('\n');
}
