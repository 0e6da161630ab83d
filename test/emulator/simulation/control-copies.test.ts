import { toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { controlIn } from '../../../emulator/simulation/control-copies.js';
import { ControlBlockSchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { quietStory } from './worlds.js';

const region = { offsetBytes: 0, lengthBytes: 2048 };

test('a copy is read as the card reads it, and is the same wherever it is met again', () => {
  const { world: { primary } } = quietStory();
  const { bytes } = primary.nvram.content;
  const control = controlIn(bytes, region);
  if (control === undefined) throw new Error('the card has no control block');
  expect(toBinary(ControlBlockSchema, control)).toEqual(toBinary(ControlBlockSchema, primary.control));
  expect(controlIn(bytes.slice(), region)).toBe(control);
});

test('one changed bit of a copy that is known makes it none', () => {
  const { world: { primary } } = quietStory();
  const bytes = primary.nvram.content.bytes.slice();
  expect(controlIn(bytes, region)).toBeDefined();
  for (const at of [0, 5, 8, 40]) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(controlIn(changed, region)).toBeUndefined();
  }
  expect(controlIn(new Uint8Array(2048), region)).toBeUndefined();
});
