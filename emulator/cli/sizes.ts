import { UsageError } from './errors.js';

const UNIT_NAMES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1024;
const SIZE = /^(\d+)([A-Za-z]*)$/;
const AMBIGUOUS = /^[KMGT]B$/i;

/**
 * Reads a size or an offset in bytes: `4096`, `4KiB`, `4K`, `1MiB`, `1GiB`, `16TiB`; case does not matter.
 * `KB` and the like are refused, since they mean 1000 to some and 1024 to others.
 * @throws UsageError
 */
export function parseSize(text: string): number {
  const match = SIZE.exec(text.trim());
  const digits = match?.[1];
  const unit = match?.[2] ?? '';
  if (digits === undefined) {
    throw new UsageError(`"${text}" is not a size: write a whole number, alone (bytes) or with KiB, MiB, GiB or TiB, as in 256KiB.`);
  }
  const power = unitPower(unit);
  if (power === undefined) throw new UsageError(unitError(text, unit));
  const bytes = Number(digits) * STEP ** power;
  if (!Number.isSafeInteger(bytes)) throw new UsageError(`"${text}" is more than any volume holds.`);
  return bytes;
}

/** A size for people: exact where it is a whole number of a unit, else three digits or so. */
export function formatBytes(bytes: number | bigint): string {
  let value = Number(bytes);
  let power = 0;
  while (value >= STEP && power < UNIT_NAMES.length - 1) {
    value /= STEP;
    power += 1;
  }
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : 1;
  return `${value.toFixed(digits)} ${UNIT_NAMES[power] ?? 'B'}`;
}

function unitPower(unit: string): number | undefined {
  if (unit === '') return 0;
  const wanted = unit.toLowerCase();
  const power = UNIT_NAMES.findIndex((name) => name.toLowerCase() === wanted || (name !== 'B' && name.charAt(0).toLowerCase() === wanted));
  return power < 0 ? undefined : power;
}

function unitError(text: string, unit: string): string {
  if (AMBIGUOUS.test(unit)) {
    const letter = unit.charAt(0).toUpperCase();
    return `"${text}" can mean two sizes: write ${letter}iB for units of 1024 (${letter}B means 1000 to some, 1024 to others).`;
  }
  return `"${text}" has the unknown unit "${unit}": write a whole number, alone (bytes) or with KiB, MiB, GiB or TiB, as in 256KiB.`;
}
