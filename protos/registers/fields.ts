import { type Field, fieldMask, type Register } from './register-map.js';

/** A value for each field of a register; those left out are zero. */
export type FieldValues<R extends Register> = { readonly [Name in keyof R['fields']]?: number | bigint | boolean };

/** Puts fields together to the register's value. Throws when one does not fit: that is a fault of the caller. */
export function packFields<R extends Register>(register: R, values: FieldValues<R>): bigint {
  let packed = 0n;
  for (const [name, value] of Object.entries<number | bigint | boolean | undefined>(values)) {
    const field = register.fields[name];
    if (field === undefined || value === undefined) continue;
    const bits = BigInt(value) << BigInt(field.lsb);
    if ((bits & ~fieldMask(field)) !== 0n) throw new Error(`${String(value)} does not fit into the field ${name}`);
    packed |= bits;
  }
  return packed;
}

/** One field of a register's value. */
export function unpackField(field: Field, value: number | bigint): bigint {
  return (BigInt(value) & fieldMask(field)) >> BigInt(field.lsb);
}

/** As a person reads it: the name of the value where it has one, the number otherwise. */
export function fieldText(field: Field, value: number | bigint): string {
  const bits = unpackField(field, value);
  return field.values?.find((candidate) => BigInt(candidate.value) === bits)?.name ?? String(bits);
}
