/** An id as hex digits; null when there is none. */
export function idText(id: Uint8Array): string | null {
  return id.length === 0 ? null : Buffer.from(id).toString('hex');
}

/** A generation as 16 hex digits; null when there is none. */
export function generationText(generation: bigint): string | null {
  return generation === 0n ? null : generation.toString(16).padStart(16, '0');
}
