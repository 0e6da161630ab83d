/**
 * The name of an enumeration's value in the words of DRBD and SVC: `CONSISTENT_SYNCHRONIZED` becomes
 * `ConsistentSynchronized`. A value that only a later version knows is shown as its number.
 */
export function enumWord(names: Readonly<Record<number, string>>, value: number): string {
  const name = names[value];
  if (name === undefined) return `Unknown(${String(value)})`;
  return name
    .split('_')
    .map((part) => part.charAt(0) + part.slice(1).toLowerCase())
    .join('');
}
