import { readFileSync } from 'node:fs';

/** Names this boot of the machine; empty on a system that does not tell. */
export function machineBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
