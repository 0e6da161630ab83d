/**
 * How the program ends, for scripts. One meaning a code, in every verb; `grainlink --help` shows this table.
 * The numbers above 63 are those of sysexits.h and of shells.
 */
export const ExitCode = {
  OK: 0,
  /** The command line makes no sense; nothing was done. */
  USAGE: 2,
  /** The card, its directory or a medium refused, or a check found a fault; the error's code says why. */
  REFUSED: 3,
  /** No connection to the card, or it was lost: what was under way may or may not have taken effect. */
  CONNECTION: 4,
  /** A file named on the command line could not be read or written. */
  FILE: 5,
  /** A defect of the program or of the firmware. */
  INTERNAL: 70,
  /** Ctrl-C, as shells report it. */
  INTERRUPTED: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const exitCodeHelp = `Exit codes:
  0    done
  2    usage: the command line makes no sense, nothing was done
  3    refused by the card, its directory or a medium, or a check found a fault; the error's code says why
  4    no connection to the card, or it was lost; the last command may have taken effect
  5    a file on this machine could not be read or written
  70   internal error
  130  interrupted (Ctrl-C)
`;
