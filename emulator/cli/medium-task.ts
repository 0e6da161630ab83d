import { CommandError as FirmwareRefusal } from '../../firmware/errors.js';
import type { Task } from '../../firmware/kernel/pending.js';
import type { MediumInspector } from '../../firmware/medium/inspect.js';
import { CommandError } from '../../host-driver/index.js';
import { Blake3Digest } from '../parts/blake3-digest.js';
import { fileMediumDrive } from '../parts/medium-drive.js';
import { WallClock } from '../parts/wall-clock.js';
import { runTask } from '../run-task.js';

/**
 * Looks at a medium with the firmware's own eyes, without a card.
 * @throws CommandError, the host's, so that a refusal looks the same as one that a card answered.
 */
export async function runMediumTask<T>(name: string, task: (inspector: MediumInspector) => Task<T>): Promise<T> {
  const clock = new WallClock();
  try {
    return await runTask(clock, name, (loop) => task({ loop, drive: fileMediumDrive, digest: new Blake3Digest() }));
  } catch (error) {
    if (error instanceof FirmwareRefusal) throw new CommandError(error.status, error.detail);
    throw error;
  } finally {
    clock.close();
  }
}
