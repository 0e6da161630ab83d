import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { ControlBlockSchema, IdentitySchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { MediumLabelSchema } from '../../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { checkFits, checkRole } from '../../../firmware/medium/load-checks.js';
import type { Control } from '../../../firmware/metadata/control-store.js';

const RELATIONSHIP = new Uint8Array(16).fill(1);
const VOLUME = new Uint8Array(16).fill(2);
const OTHER = new Uint8Array(16).fill(3);
const label = create(MediumLabelSchema, {
  relationshipId: RELATIONSHIP,
  volumeId: VOLUME,
  generation: 5n << 32n,
  sizeBytes: BigInt(SMALL_GEOMETRY.sizeBytes),
  grainBytes: SMALL_GEOMETRY.grainBytes,
});

function card(role: Role, change: (control: Control) => void = () => undefined): Control {
  const control = create(ControlBlockSchema, { identity: create(IdentitySchema, { role }) }) as Control;
  change(control);
  return control;
}

function secondary(change: (control: Control) => void = () => undefined): Control {
  return card(Role.SECONDARY, (control) => {
    control.identity.relationshipId = RELATIONSHIP;
    control.identity.sourceVolumeId = VOLUME;
    control.identity.generation = 5n << 32n;
    change(control);
  });
}

describe('a medium fits the card', () => {
  test('of its size and grain size, and no other', () => {
    checkFits(label, SMALL_GEOMETRY);
    expect(() => { checkFits(label, { ...SMALL_GEOMETRY, sizeBytes: 2 * SMALL_GEOMETRY.sizeBytes }); }).toThrow('MEDIUM_WRONG_SIZE');
    expect(() => { checkFits(label, { ...SMALL_GEOMETRY, grainBytes: 8192 }); }).toThrow('MEDIUM_WRONG_GRAIN_SIZE');
  });
});

describe('a medium may be loaded', () => {
  test.each([
    ['by a standalone card that hosts have not written to', card(Role.STANDALONE), 0, false],
    ['by one that they have written to, when told to overwrite', card(Role.STANDALONE), 3, true],
    ['by the secondary of its relationship', secondary(), 9, false],
    ['by a secondary of an older generation', secondary((control) => { control.identity.generation = 4n << 32n; }), 9, false],
    ['by a secondary of another relationship, when told to overwrite', secondary((control) => { control.identity.relationshipId = OTHER; }), 9, true],
    ['by a secondary that was loading another', card(Role.SECONDARY), 9, false],
  ])('%s', (_who, control, written, overwrite) => {
    checkRole(control, label, written, overwrite);
  });
});

describe('a medium is refused, with the reason,', () => {
  test.each([
    ['by a primary', card(Role.PRIMARY), 0, true, 'NOT_STANDALONE'],
    ['by a standalone card with data of its hosts', card(Role.STANDALONE), 3, false, 'HOSTS_HAVE_WRITTEN'],
    ['by a secondary that hosts may write to', secondary((control) => { control.access = true; control.forkId = 1n; }), 9, true, 'SECONDARY_HAS_ACCESS'],
    ['by a secondary that hosts have written to', secondary((control) => { control.forkId = 1n; }), 9, false, 'SECONDARY_HAS_WRITES'],
    ['of an older establishment, told to overwrite or not', secondary((control) => { control.identity.generation = 6n << 32n; }), 9, true, 'MEDIUM_STALE_GENERATION'],
    ['of another relationship', secondary((control) => { control.identity.relationshipId = OTHER; }), 9, false, 'MEDIUM_WRONG_RELATIONSHIP'],
    ['by a secondary that was synchronized since its load', secondary((control) => { control.met = true; }), 9, false, 'HOSTS_HAVE_WRITTEN'],
    ['of another volume', secondary((control) => { control.identity.sourceVolumeId = OTHER; }), 9, false, 'MEDIUM_WRONG_VOLUME'],
  ])('%s', (_who, control, written, overwrite, reason) => {
    expect(() => { checkRole(control, label, written, overwrite); }).toThrow(reason);
  });
});
