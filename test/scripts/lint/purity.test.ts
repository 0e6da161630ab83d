import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint();

/** The rules that refuse `code` where it stands in `path`, a file that exists, so that its types are known. */
async function refusals(path: string, code: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: path });
  expect(result?.fatalErrorCount).toBe(0);
  return result?.messages.map((message) => message.ruleId) ?? [];
}

const IMPURE: readonly (readonly [string, string])[] = [
  ['no-restricted-globals', 'export const now = (): unknown => new Date();'],
  ['no-restricted-syntax', 'export type When = Date;'],
  ['no-restricted-syntax', 'export declare const later: Promise<number>;'],
  ['no-restricted-globals', 'export const later = Promise.resolve(1);'],
  ['no-restricted-globals', 'setTimeout(() => undefined, 1);'],
  ['no-restricted-globals', 'export const at = performance.now();'],
  ['no-restricted-globals', 'export const all: unknown = globalThis;'],
  ['no-restricted-properties', 'export const dice = Math.random();'],
  ['no-restricted-properties', "export const order = 'a'.localeCompare('b');"],
  ['no-restricted-syntax', 'export async function wait(): Promise<void> { await 1; }'],
  ['no-restricted-syntax', 'export const wait = async (): Promise<void> => { await 1; };'],
  ['no-restricted-syntax', "export const part: unknown = import('./hal.js');"],
  ['no-restricted-syntax', "import fs from 'node:fs'; export const read: unknown = fs;"],
];

describe.each(['firmware/errors.ts', 'protos/framing/cobs.ts'])('lint of %s', (path) => {
  it.each(IMPURE)('refuses by %s: %s', { timeout: 60_000 }, async (rule, code) => {
    expect(await refusals(path, code)).toContain(rule);
  });
});

describe('lint of the emulator', () => {
  it('has no quarrel with a clock, randomness or promises', { timeout: 60_000 }, async () => {
    const rules = await refusals('emulator/errors.ts', IMPURE.map(([, code]) => code).join('\n'));
    expect(rules.filter((rule) => rule?.startsWith('no-restricted'))).toEqual([]);
  });
});
