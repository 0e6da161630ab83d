import { describe, expect, it } from 'vitest';
import { InterruptedError, LocalFileError, RefusedError, UsageError } from '../../../emulator/cli/errors.js';
import { ExitCode, exitCodeHelp } from '../../../emulator/cli/exit-codes.js';
import { failureJson, failureOf, failureText } from '../../../emulator/cli/failure.js';
import { emulatorErrors } from '../../../emulator/errors.js';
import { CommandError, ConnectionLostError, TimeoutError } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';

describe('the end of a run that failed', () => {
  it.each([
    [new UsageError('no'), 'USAGE', ExitCode.USAGE],
    [emulatorErrors.addressInvalid('x', 'is odd'), 'ADDRESS_INVALID', ExitCode.USAGE],
    [emulatorErrors.geometryInvalid('no'), 'GEOMETRY_INVALID', ExitCode.USAGE],
    [emulatorErrors.directoryInUse('/d'), 'CARD_DIRECTORY_IN_USE', ExitCode.REFUSED],
    [new CommandError(Status.STALE_GENERATION, 'seven'), 'STALE_GENERATION', ExitCode.REFUSED],
    [new RefusedError('MEDIUM_DAMAGED', 'no', 'chunk 3'), 'MEDIUM_DAMAGED', ExitCode.REFUSED],
    [new ConnectionLostError('gone'), 'CONNECTION_LOST', ExitCode.CONNECTION],
    [new TimeoutError('late'), 'TIMEOUT', ExitCode.CONNECTION],
    [new LocalFileError('/f', 'read', 'ENOENT'), 'FILE_ERROR', ExitCode.FILE],
    [new InterruptedError(), 'INTERRUPTED', ExitCode.INTERRUPTED],
    [new TypeError('x is undefined'), 'INTERNAL', ExitCode.INTERNAL],
    ['thrown text', 'INTERNAL', ExitCode.INTERNAL],
  ])('%s has the code %s and the exit code %i', (error, code, exitCode) => {
    expect(failureOf(error)).toMatchObject({ code, exitCode });
  });

  it('names what in particular, for programs and for people', () => {
    const shown = failureOf(new CommandError(Status.STALE_GENERATION, 'medium of generation 7'));
    expect(failureJson(shown)).toEqual({
      error: { code: 'STALE_GENERATION', message: expect.stringContaining('generation') as string, detail: 'medium of generation 7' },
    });
    expect(failureText(shown)).toContain('[STALE_GENERATION]\n  medium of generation 7\n');
  });

  it('makes a sentence of half a one, and leaves an address as it is typed', () => {
    expect(failureOf(new TimeoutError('it took too long'))).toMatchObject({ message: 'It took too long.' });
    expect(failureOf(new TimeoutError('tcp://127.0.0.1:7001 is late'))).toMatchObject({ message: 'tcp://127.0.0.1:7001 is late.' });
  });

  it('leaves no exit code out of the help', () => {
    for (const code of Object.values(ExitCode)) expect(exitCodeHelp).toMatch(new RegExp(`^  ${String(code)}  `, 'm'));
  });
});
