import { CommandError, ConnectionLostError, TimeoutError } from '../../host-driver/index.js';
import { statusSentence } from '../../protos/status/sentences.js';
import { EmulatorError } from '../errors.js';
import { InterruptedError, LocalFileError, RefusedError, UsageError } from './errors.js';
import { ExitCode } from './exit-codes.js';
import type { Report } from './report.js';

/** An error as it is shown: to programs as JSON, to people as a sentence or two. */
export interface Failure {
  /** For programs: a status of the card, or a word of the emulator's or of this program's. */
  readonly code: string;
  readonly message: string;
  /** What in particular; may be empty. */
  readonly detail: string;
  readonly exitCode: ExitCode;
  /** What was found besides; in the same JSON document, and on stdout for people. */
  readonly report?: Report;
}

/** Errors of the emulator that are the command line's fault. */
const USAGE_CODES: readonly string[] = ['ADDRESS_INVALID', 'GEOMETRY_INVALID'];

/** Every error that can reach the end of the program, in one table. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return failure('USAGE', error.message, '', ExitCode.USAGE);
  if (error instanceof CommandError) {
    return failure(error.statusName, statusSentence(error.status), error.detail, ExitCode.REFUSED);
  }
  if (error instanceof RefusedError) {
    const shown = failure(error.code, error.message, error.detail, ExitCode.REFUSED);
    return error.report === undefined ? shown : { ...shown, report: error.report };
  }
  if (error instanceof ConnectionLostError) return failure('CONNECTION_LOST', sentence(error.message), '', ExitCode.CONNECTION);
  if (error instanceof TimeoutError) return failure('TIMEOUT', sentence(error.message), '', ExitCode.CONNECTION);
  if (error instanceof EmulatorError) {
    return failure(error.code, error.message, '', USAGE_CODES.includes(error.code) ? ExitCode.USAGE : ExitCode.REFUSED);
  }
  if (error instanceof LocalFileError) return failure('FILE_ERROR', error.message, error.reason, ExitCode.FILE);
  if (error instanceof InterruptedError) return failure('INTERRUPTED', error.message, '', ExitCode.INTERRUPTED);
  return failure('INTERNAL', 'An error that should not happen; please report it.', stackOf(error), ExitCode.INTERNAL);
}

/** For people: what happened, what to do, the code to search for. */
export function failureText(shown: Failure): string {
  const detail = shown.detail === '' ? '' : `\n  ${shown.detail}`;
  return `grainlink: ${shown.message} [${shown.code}]${detail}\n`;
}

/** For programs: the one JSON document of a run that failed. */
export function failureJson(shown: Failure): object {
  const { code, message, detail, report } = shown;
  return { ...report?.json, error: { code, message, detail } };
}

function failure(code: string, message: string, detail: string, exitCode: ExitCode): Failure {
  return { code, message, detail, exitCode };
}

/** The driver's messages are halves of sentences, made to stand behind a colon. */
function sentence(text: string): string {
  // An address stays as it is typed.
  const capital = /^\w+:\/\//.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
