import { formatBytes } from './sizes.js';
import type { StatusJson } from './status-json.js';

const LABEL_WIDTH = 14;

/** The status as a block for people: the words and numbers of the JSON document, the unremarkable left out. */
export function statusText(status: StatusJson): string {
  return [heading(status), ...warnings(status), ...volume(status), ...link(status), ...flashCopy(status), ...job(status), ...errors(status)]
    .map((line) => `${line}\n`)
    .join('');
}

/** `42 grains`, `1 grain`. */
export function grains(count: number): string {
  return `${String(count)} grain${count === 1 ? '' : 's'}`;
}

function heading(status: StatusJson): string {
  const name = status.secondaryName !== '' && status.role === 'Primary' ? ` of "${status.secondaryName}"` : '';
  const state = status.state === 'None' ? 'no relationship' : status.state;
  return `${status.role}${name}: ${state}, disk ${status.diskState}${status.stopped ? ', stopped' : ''}`;
}

function warnings(status: StatusJson): string[] {
  const lines: string[] = [];
  if (status.diverged) lines.push(row('attention', 'both sides may hold writes of their own; `start --discard-secondary` gives up the secondary\'s'));
  if (status.secondaryAccess) lines.push(row('access', 'hosts may write to this secondary'));
  if (status.allDirty) lines.push(row('all dirty', status.suppressed ? 'the card\'s own flag, suppressed: the primary\'s map counts' : 'the card\'s own flag: every grain is copied'));
  return lines;
}

function volume(status: StatusJson): string[] {
  const lines = [
    row('volume', `${formatBytes(status.sizeBytes)} in ${grains(status.grainsTotal)} of ${formatBytes(status.grainBytes)}, ${String(status.grainsWritten)} written`),
  ];
  if (status.generation !== null) lines.push(row('generation', status.generation));
  if (status.state === 'None') return lines;
  lines.push(row('in sync', inSync(status)));
  const synchronized = status.grainsSent + status.grainsReceived;
  if (synchronized > 0) {
    const way = status.grainsReceived > 0 ? 'received' : 'sent';
    lines.push(row('synchronized', `${grains(synchronized)} ${way}, ${String(status.markerGrains)} of them markers`));
  }
  return lines;
}

function inSync(status: StatusJson): string {
  // A secondary sees through its own map (310): what the primary's holds, only the primary can tell.
  const seesThrough = status.role === 'Secondary' && status.state !== 'ConsistentSynchronized';
  if (seesThrough && status.outOfSyncGrains === 0) return "ask the primary; nothing out-of-sync by this card's own map";
  const outOfSync = status.outOfSyncGrains === 0 ? 'nothing out-of-sync' : `${grains(status.outOfSyncGrains)} (${formatBytes(status.outOfSyncBytes)}) out-of-sync`;
  const intent = status.intentGrains === 0 ? '' : `, ${String(status.intentGrains)} in intent`;
  return `${String(status.percentInSync)} %: ${outOfSync}${intent}`;
}

function link({ link: state }: StatusJson): string[] {
  const peer = state.peerAddress === null ? '' : ` ${state.state === 'Online' ? 'with' : 'to'} ${state.peerAddress}`;
  const wish = state.connectWished ? ', wished' : '';
  const lines = [row('link', `${state.state}${peer}${wish}`)];
  if (state.error !== null) lines.push(...problem(state.error));
  const sent = state.dataBytesSent + state.metadataBytesSent;
  const received = state.dataBytesReceived + state.metadataBytesReceived;
  if (sent + received > 0) {
    lines.push(row('  sent', `${formatBytes(state.dataBytesSent)} data, ${formatBytes(state.metadataBytesSent)} metadata`));
    lines.push(row('  received', `${formatBytes(state.dataBytesReceived)} data, ${formatBytes(state.metadataBytesReceived)} metadata`));
  }
  return lines;
}

/** The T0 image (202), as `flash-copy status` shows it too. */
export function flashCopy({ flashCopy: t0 }: StatusJson): string[] {
  const store = `store ${String(t0.storeGrains)} of ${grains(t0.storeCapacityGrains)}`;
  const exported = t0.exportedGrains === 0 ? '' : `, exported ${String(t0.percentExported)} %`;
  const lines = [row('FlashCopy', t0.state === 'IdleOrCopied' ? t0.state : `${t0.state}, ${store}${exported}`)];
  if (t0.error !== null) lines.push(...problem(t0.error));
  return lines;
}

function job({ job: newest }: StatusJson): string[] {
  if (newest === null) return [];
  const progress = newest.state === 'Running' ? ` ${String(newest.percent)} %` : '';
  const lines = [row(newest.kind.toLowerCase(), `${newest.state}${progress}, ${formatBytes(newest.dataBytes)}, ${newest.path}`)];
  if (newest.error !== null) lines.push(...problem(newest.error));
  return lines;
}

function errors({ errors: logged }: StatusJson): string[] {
  return logged.flatMap((error) => [row('error', `after ${(error.atMs / 1000).toFixed(1)} s`), ...problem(error)]);
}

function problem({ code, message, detail }: { code: string; message: string; detail: string }): string[] {
  const lines = [row('', `${message} [${code}]`)];
  if (detail !== '') lines.push(row('', detail));
  return lines;
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${value}`;
}
