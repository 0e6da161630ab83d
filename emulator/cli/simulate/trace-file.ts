import { ReusedMemory } from '../../simulation/reused-memory.js';
import { runSeed, type SeedOptions } from '../../simulation/run-seed.js';
import type { SimEvent } from '../../simulation/scheduler.js';
import { fileSink } from '../local-file.js';

const LINES_A_WRITE = 4096;

/** One line for people. */
export function eventText({ atUs, where, what, offsetBytes, lengthBytes }: SimEvent): string {
  const place = lengthBytes > 0 ? ` ${String(lengthBytes)} bytes${offsetBytes > 0 || !what.includes('frame') ? ` at ${String(offsetBytes)}` : ''}` : '';
  return `${(atUs / 1000).toFixed(3).padStart(14)} ms  ${where}  ${what}${place}`;
}

/** Runs a seed and writes down each of its events. @throws LocalFileError */
export async function writeTrace(path: string, options: Omit<SeedOptions, 'memories'>): Promise<void> {
  const lines: string[] = [];
  const result = runSeed({ ...options, memories: [new ReusedMemory(), new ReusedMemory()], onEvent: (event) => { lines.push(eventText(event)); } });
  lines.push(`trace hash ${result.traceHash}`, result.failure === undefined ? 'ended well' : result.failure.message);
  const sink = fileSink(path);
  for (let at = 0; at < lines.length; at += LINES_A_WRITE) await sink.write(Buffer.from(`${lines.slice(at, at + LINES_A_WRITE).join('\n')}\n`));
  await sink.end();
}
