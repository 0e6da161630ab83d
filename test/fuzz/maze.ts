import { Finding, type Target } from './target.js';

/** A decoder that fails where no blind search leads: behind four bytes, each of which has to be right. */
export const maze: Target = {
  name: 'maze',
  seeds: () => [[new Uint8Array(4)]],
  run: ([bytes = new Uint8Array(0)]) => {
    if (bytes[0] !== 0x67) return 'refused';
    if (bytes[1] !== 0x72) return 'refused';
    if (bytes[2] !== 0x61) return 'refused';
    if (bytes[3] === 0x6d) throw new Finding('the way out');
    return 'accepted';
  },
};
