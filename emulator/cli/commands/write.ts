import type { Command } from 'commander';
import { CommandError } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { fileChunks, fileLength } from '../local-file.js';
import { sizeOf } from '../options.js';
import { rateText, startProgress } from '../progress.js';
import type { Report } from '../report.js';
import { formatBytes } from '../sizes.js';
import { upload } from '../upload.js';
import { addCardVerb, type Run } from '../verb.js';
import type { Card, World } from '../world.js';

interface WriteOptions {
  readonly offset: number;
  readonly file: string;
  readonly fua?: boolean;
}

export function addWrite(program: Command, world: World): void {
  addCardVerb<WriteOptions>(program, world, {
    name: 'write',
    summary: 'write a file to the volume',
    description:
      'Writes a file of this machine, or stdin, to the volume. Offset and length have to be multiples of the block size, 512 bytes. ' +
      'Without --fua a write that is done survives the end of the card\'s process, and after `flush` the loss of its machine too.',
    examples: ['write -c tcp://127.0.0.1:7001 --offset 1MiB --file photo.raw', 'write -c tcp://127.0.0.1:7001 --offset 0 --file - --fua < disk.img'],
    interruptHint: 'Part of the file may be written.',
    configure: (command) => {
      command.requiredOption('--offset <bytes>', 'where in the volume: 4096, 4KiB, 1MiB, …', sizeOf('--offset'));
      command.requiredOption('--file <file>', 'what to write; - is stdin');
      command.option('--fua', 'force unit access: done means durable');
    },
    run: writeFile,
  });
}

async function writeFile(card: Card, { offset, file, fua = false }: WriteOptions, run: Run): Promise<Report> {
  const length = await fileLength(file);
  if (length !== undefined) checkRange(card, offset, length);
  const progress = startProgress(run, 'write');
  const startedMs = run.world.nowMs();
  let lengthBytes: number;
  try {
    lengthBytes = await upload(card, fileChunks(file), {
      offsetBytes: offset,
      fua,
      onProgress: (doneBytes) => { progress.update(doneBytes, length ?? card.geometry.volumeBytes - offset, doneBytes); },
    });
  } finally {
    progress.end();
  }
  const durationMs = Math.round(run.world.nowMs() - startedMs);
  return {
    json: { offsetBytes: offset, lengthBytes, fua, durationMs },
    text: `Wrote ${formatBytes(lengthBytes)} at ${String(offset)}${fua ? ', durable' : ''} (${rateText(lengthBytes, durationMs)}).\n`,
  };
}

/** What the card would find out in the middle is found out before the first byte. */
function checkRange(card: Card, offsetBytes: number, lengthBytes: number): void {
  const { blockBytes, volumeBytes } = card.geometry;
  const detail = `offset ${String(offsetBytes)}, length ${String(lengthBytes)}, blocks of ${String(blockBytes)}, volume of ${String(volumeBytes)} bytes; nothing was written`;
  if (offsetBytes % blockBytes !== 0 || lengthBytes % blockBytes !== 0) throw new CommandError(Status.MISALIGNED, detail);
  if (offsetBytes + lengthBytes > volumeBytes) throw new CommandError(Status.OUT_OF_RANGE, detail);
}
