import type { PartFault, PartFaultKind, CardPart } from '../../firmware/hal.js';

const KINDS: Readonly<Record<string, PartFaultKind>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  ECONNREFUSED: 'closed',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
};

/** The operating system's name of an error (`ENOENT`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** An error's first line. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}

/** What the firmware is told of an error of the operating system. */
export function partFault(part: CardPart, what: string, error: unknown): PartFault {
  return { part, kind: KINDS[errorCode(error) ?? ''] ?? 'io', text: `${what}: ${errorText(error)}` };
}
