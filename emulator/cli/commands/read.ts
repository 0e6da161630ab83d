import type { Command } from 'commander';
import { download } from '../download.js';
import { UsageError } from '../errors.js';
import { fileSink, STANDARD_STREAM } from '../local-file.js';
import { sizeOf } from '../options.js';
import { rateText, startProgress } from '../progress.js';
import type { Report } from '../report.js';
import { formatBytes } from '../sizes.js';
import { addCardVerb, type Run } from '../verb.js';
import type { Card, World } from '../world.js';

interface ReadOptions {
  readonly offset: number;
  readonly length: number;
  readonly file: string;
}

export function addRead(program: Command, world: World): void {
  addCardVerb<ReadOptions>(program, world, {
    name: 'read',
    summary: 'read from the volume into a file',
    description:
      'Reads a range of the volume into a file of this machine, or to stdout. A file that is there is replaced. ' +
      'Offset and length have to be multiples of the block size, 512 bytes.',
    examples: ['read -c tcp://127.0.0.1:7001 --offset 1MiB --length 64KiB --file photo.raw', 'read -c tcp://127.0.0.1:7001 --offset 0 --length 512 --file - | xxd'],
    configure: (command) => {
      command.requiredOption('--offset <bytes>', 'where in the volume: 4096, 4KiB, 1MiB, …', sizeOf('--offset'));
      command.requiredOption('--length <bytes>', 'how much', sizeOf('--length'));
      command.requiredOption('--file <file>', 'where to; - is stdout (not with --json)');
    },
    run: readFile,
  });
}

async function readFile(card: Card, { offset, length, file }: ReadOptions, run: Run): Promise<Report | undefined> {
  const toStdout = file === STANDARD_STREAM;
  if (toStdout && run.json) throw new UsageError('--file - puts the data on stdout, where --json puts its document: give one of them.');
  if (length === 0) throw new UsageError('--length: there is nothing to read in 0 bytes.');
  const sink = fileSink(file);
  const progress = startProgress(run, 'read');
  const startedMs = run.world.nowMs();
  try {
    await download(card, {
      offsetBytes: offset,
      lengthBytes: length,
      sink: (data) => sink.write(data),
      onProgress: (doneBytes) => { progress.update(doneBytes, length, doneBytes); },
    });
    await sink.end();
  } finally {
    progress.end();
  }
  if (toStdout) return undefined;
  const durationMs = Math.round(run.world.nowMs() - startedMs);
  return {
    json: { offsetBytes: offset, lengthBytes: length, file, durationMs },
    text: `Read ${formatBytes(length)} at ${String(offset)} into ${file} (${rateText(length, durationMs)}).\n`,
  };
}
