/** Of an id or a root, to tell it from others by; empty for none. */
export function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
