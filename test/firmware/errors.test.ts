import { expect, test } from 'vitest';
import { CommandError, toCommandError } from '../../firmware/errors.js';
import type { CardPart } from '../../firmware/hal.js';
import { PartError } from '../../firmware/kernel/pending.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';

test.each<[CardPart, string]>([
  ['nvram', 'NVRAM_ERROR'],
  ['disk', 'DISK_ERROR'],
  ['medium', 'MEDIUM_ERROR'],
  ['port', 'LINK_LOST'],
])('what failed in a part (%s) is told as %s, with what the part said', (part, status) => {
  const { status: told, detail } = toCommandError(new PartError({ part, kind: 'io', text: 'it burns' }));
  expect([Status[told], detail]).toEqual([status, 'it burns']);
});

test('a refusal stays what it is, and a fault of the firmware is none', () => {
  const refusal = new CommandError(Status.BUSY);
  expect(toCommandError(refusal)).toBe(refusal);
  expect(() => toCommandError(new TypeError('a fault'))).toThrow('a fault');
});
