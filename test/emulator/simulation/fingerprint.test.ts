import { expect, test } from 'vitest';
import { Fingerprint } from '../../../emulator/simulation/fingerprint.js';

function of(take: (fingerprint: Fingerprint) => void): number {
  const fingerprint = new Fingerprint();
  take(fingerprint);
  return fingerprint.value;
}

test('what is taken in order depends on the order, and on every byte', () => {
  const values = [[1, 2], [2, 1], [1, 2, 0], [], [0], [0, 0]].map((words) => of((fingerprint) => { for (const word of words) fingerprint.add(word); }));
  const bytes = [[0, 0, 0, 0, 1], [0, 0, 0, 0, 2], [1, 0, 0, 0, 0]].map((content) => of((fingerprint) => { fingerprint.addBytes(Uint8Array.from(content)); }));
  expect(new Set([...values, ...bytes]).size).toBe(9);
});

test('what has a place can be taken out again, in any order', () => {
  const value = of((fingerprint) => { fingerprint.toggle(3, 30); fingerprint.toggle(4, 40); });
  expect(of((fingerprint) => { fingerprint.toggle(4, 40); fingerprint.toggle(5, 50); fingerprint.toggle(3, 30); fingerprint.toggle(5, 50); })).toBe(value);
  expect(of((fingerprint) => { fingerprint.toggle(3, 40); fingerprint.toggle(4, 30); })).not.toBe(value);
});

test('a hundred thousand states have as many fingerprints, which a double holds exactly', () => {
  const seen = new Set<number>();
  for (let block = 0; block < 100; block += 1) {
    for (let content = 0; content < 1000; content += 1) seen.add(of((fingerprint) => { fingerprint.toggle(block, content); }));
  }
  expect(seen.size).toBe(100_000);
  for (const value of seen) expect(Number.isSafeInteger(value)).toBe(true);
});
