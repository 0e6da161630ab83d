import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ControlBlockSchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { hasLostItsMap, requestsEverything } from '../../../firmware/synchronization/suppressor.js';

test.each([
  ['a loaded secondary', { allDirty: true, suppressed: true }, false, false],
  ['one that has been merged', { allDirty: false, suppressed: false }, false, false],
  ['one that asks the conventional way', { allDirty: true, suppressed: false, conventional: true }, true, false],
  ['one that lost its NVRAM', { allDirty: true, suppressed: false }, true, true],
] as const)('%s asks for everything, because its map is lost, or not', (_what, fields, everything, lost) => {
  const control = create(ControlBlockSchema, fields);
  expect([requestsEverything(control), hasLostItsMap(control)]).toEqual([everything, lost]);
});
