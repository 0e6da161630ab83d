import { expect, test } from 'vitest';
import { Fingerprint } from '../../../emulator/simulation/fingerprint.js';

function of(take: (fingerprint: Fingerprint) => void): Fingerprint {
  const fingerprint = new Fingerprint();
  take(fingerprint);
  return fingerprint;
}

const three = of((fingerprint) => { fingerprint.toggle(3, 30); });
const four = of((fingerprint) => { fingerprint.toggle(4, 40); });

test('what has a place can be taken out again, in any order', () => {
  const both = of((fingerprint) => { fingerprint.toggle(3, 30); fingerprint.toggle(4, 40); });
  expect(of((fingerprint) => { fingerprint.toggle(4, 40); fingerprint.toggle(5, 50); fingerprint.toggle(3, 30); fingerprint.toggle(5, 50); }).value).toBe(both.value);
  expect(of((fingerprint) => { fingerprint.toggle(3, 40); fingerprint.toggle(4, 30); }).value).not.toBe(both.value);
});

test('a whole is made of parts, and knows of which', () => {
  const whole = of((fingerprint) => { fingerprint.toggleAll(three, 1); fingerprint.toggleAll(four, 2); });
  expect(of((fingerprint) => { fingerprint.toggleAll(four, 2); fingerprint.toggleAll(three, 1); }).value).toBe(whole.value);
  expect(of((fingerprint) => { fingerprint.toggleAll(three, 2); fingerprint.toggleAll(four, 1); }).value).not.toBe(whole.value);
  expect(of((fingerprint) => { fingerprint.toggleAll(whole); fingerprint.toggleAll(three, 1); }).value).toBe(of((fingerprint) => { fingerprint.toggleAll(four, 2); }).value);
});

test('a hundred thousand states have as many fingerprints, which a double holds exactly', () => {
  const seen = new Set<number>();
  for (let place = 0; place < 100; place += 1) {
    for (let content = 0; content < 1000; content += 1) seen.add(of((fingerprint) => { fingerprint.toggle(place, content); }).value);
  }
  expect(seen.size).toBe(100_000);
  expect([...seen].every((value) => Number.isSafeInteger(value))).toBe(true);
});
