import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killAllCards } from '../emulator/processes/card-in-process.js';
import { Journal } from './journal.js';
import { readOptions } from './options.js';
import { resultJson, resultText } from './result.js';
import { torture } from './run.js';
import { PROGRESS_MS } from './settings.js';
import { Tally } from './tally.js';
import { TorturedPair } from './tortured-pair.js';

/*
 * `npm run torture`: exit code 0 when all held, 1 when something did not, 2 for a command line that means nothing,
 * 130 after Ctrl-C.
 */

const FAILED = 1;
const INTERRUPTED = 130;
const MS_A_MINUTE = 60_000;
const LAST_WORDS_MS = 2_000;

class Interrupted extends Error {}

const { minutes, seed, json } = readOptions(process.argv.slice(2));
const startedMs = performance.now();
const minutesSoFar = (): number => (performance.now() - startedMs) / MS_A_MINUTE;
const say = (line: string): void => { process.stderr.write(`${line}\n`); };
say(`torture: seed ${String(seed)}, ${String(minutes)} minutes. The seed repeats the choices; their moments are the machine's.`);

const interrupted = new Promise<never>((_resolve, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { reject(new Interrupted(signal)); });
});
// Whatever ends this process: no card outlives it, not even one that stands still.
process.once('exit', () => { void killAllCards(); });

const directory = await mkdtemp(join(tmpdir(), 'grainlink-torture-'));
const journal = new Journal(directory);
const pair = await TorturedPair.format(directory, seed, new Tally(), journal);
const progress = setInterval(() => { say(`torture: ${minutesSoFar().toFixed(1)} of ${String(minutes)} minutes; ${pair.tally.brief}, ${String(pair.host.counts.acknowledged)} host commands`); }, PROGRESS_MS);

let failure: Error | undefined;
try {
  await Promise.race([torture(pair, directory, seed, minutes * MS_A_MINUTE), interrupted]);
} catch (error) {
  failure = error instanceof Error ? error : new Error(String(error));
}
clearInterval(progress);
const wasInterrupted = failure instanceof Interrupted;
if (failure !== undefined && !wasInterrupted) {
  const message = failure.stack ?? failure.message;
  for (const card of pair.cards) card.goOn();
  // Cards that end by themselves are noticed by what they do not do, but their logs say why.
  const described = await Promise.race([pair.describe(), delay(LAST_WORDS_MS, 'the cards do not answer')]);
  const { recent } = journal;
  journal.note(`FAILED: ${message}\n${described}`);
  say(`${recent}\ntorture: FAILED, seed ${String(seed)}\n${message}\n${described}\nThe files of both cards, and the logs (torture.log, primary.log, secondary.log), are kept in ${directory}`);
}
await killAllCards();
await journal.close();
const kept = failure !== undefined && !wasInterrupted;
if (!kept) await rm(directory, { recursive: true, force: true, maxRetries: 5 });

const result = { pair, seed, minutes: minutesSoFar(), outcome: wasInterrupted ? 'interrupted' : kept ? 'failed' : 'held', ...(kept ? { directory } : {}) } as const;
process.stdout.write(json === true ? `${JSON.stringify(resultJson(result), null, 2)}\n` : resultText(result));
process.exit(wasInterrupted ? INTERRUPTED : kept ? FAILED : 0);
