import type { Report } from './report.js';

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A file on this machine could not be read or written. */
export class LocalFileError extends Error {
  override readonly name = 'LocalFileError';

  constructor(
    path: string,
    doing: 'read' | 'written',
    readonly reason: string,
  ) {
    super(`The file ${path} cannot be ${doing}.`);
  }
}

/** Ctrl-C. `hint` says what goes on without this program, where something does. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(hint = '') {
    super(`Interrupted.${hint === '' ? '' : ` ${hint}`}`);
  }
}

/** A finding against the card or a medium; `report`, where there is one, tells the whole of it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly code: string,
    message: string,
    readonly detail: string,
    readonly report?: Report,
  ) {
    super(message);
  }
}
