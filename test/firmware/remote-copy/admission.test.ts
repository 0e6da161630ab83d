import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { ControlBlockSchema, IdentitySchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { type Hello, HelloSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import type { Control } from '../../../firmware/metadata/control-store.js';
import { isOwnSecondary, reasonToRefuse } from '../../../firmware/remote-copy/admission.js';

const id = (value: number): Uint8Array => new Uint8Array(16).fill(value);
const GENERATION = (3n << 32n) | 77n;
const NONE = new Uint8Array(0);

function primary(identity: MessageInitShape<typeof IdentitySchema> = {}, control: MessageInitShape<typeof ControlBlockSchema> = {}): Control {
  return create(ControlBlockSchema, {
    ...control,
    identity: create(IdentitySchema, {
      cardId: id(1), volumeId: id(2), relationshipId: id(3), loadId: id(4), mediumRoot: id(5), role: Role.PRIMARY, generation: GENERATION, sizeBytes: 1n << 20n, grainBytes: 4096, sessionCounter: 9n, ...identity,
    }),
  }) as Control;
}

function hello(fields: MessageInitShape<typeof HelloSchema> = {}): Hello {
  return create(HelloSchema, {
    version: 1, cardId: id(9), volumeId: id(2), relationshipId: id(3), loadId: id(4), mediumRoot: id(5), generation: GENERATION, sizeBytes: 1n << 20n, grainBytes: 4096, sessionCounter: 9n, maxPayloadBytes: 65536, ...fields,
  });
}

const verdict = (control: Control, from: Hello): string | undefined => {
  const reason = reasonToRefuse(control, from);
  return reason === undefined ? 'admitted' : Status[reason.status];
};

const UNBOUND = { loadId: NONE, sessionCounter: 0n };

describe('a secondary is admitted', () => {
  test.each<[string, Control, Hello]>([
    ['that the primary is bound to', primary(), hello()],
    ['that counted a session which the primary has not', primary(), hello({ sessionCounter: 12n })],
    ['that loaded the medium which an unbound primary recorded', primary(UNBOUND), hello({ loadId: id(40), sessionCounter: 0n })],
    ['that lost its map, whatever its counter', primary(), hello({ mapLost: true, sessionCounter: 1n })],
    ['of an earlier generation, by a primary that lost its NVRAM', primary({}, { fullOwed: true }), hello({ generation: (2n << 32n) | 5n })],
    ['by the explicit command, whatever it holds', primary(), hello({ conventional: true, loadId: id(41), relationshipId: NONE, volumeId: NONE, generation: 0n, sessionCounter: 0n, mediumRoot: NONE })],
  ])('%s', (_what, control, from) => {
    expect(verdict(control, from)).toBe('admitted');
  });
});

describe('a secondary is refused, by name', () => {
  test.each<[string, Control, Hello]>([
    ['UNSUPPORTED_VERSION', primary(), hello({ version: 2 })],
    ['INVALID_FRAME', primary(), hello({ loadId: new Uint8Array(17) })],
    ['INVALID_FRAME', primary(), hello({ sessionCounter: 1n << 63n })],
    ['INVALID_FRAME', primary(), hello({ maxPayloadBytes: 511 })],
    ['SELF_CONNECTION', primary(), hello({ cardId: id(1) })],
    ['NOT_PRIMARY', primary({ role: Role.STANDALONE }), hello()],
    ['NOT_PRIMARY', primary({ role: Role.SECONDARY }), hello()],
    ['NOT_PRIMARY', primary({ generation: 0n }), hello({ conventional: true })],
    ['WRONG_SIZE', primary(), hello({ sizeBytes: 1n << 21n, conventional: true })],
    ['WRONG_GRAIN_SIZE', primary(), hello({ grainBytes: 8192, conventional: true })],
    ['INVALID_FRAME', primary(), hello({ holdsOwnWrites: true })],
    ['SECONDARY_HAS_ACCESS', primary(), hello({ holdsOwnWrites: true, forkId: 8n })],
    ['SECONDARY_HAS_ACCESS', primary(), hello({ holdsOwnWrites: true, forkId: 8n, conventional: true })],
    ['STOPPED', primary({ stopped: true }), hello()],
    ['STOPPED', primary({ stopped: true }), hello({ conventional: true })],
    ['NOT_LOADED', primary(), hello({ loadId: NONE })],
    ['NOT_LOADED', primary(), hello({ loadId: NONE, conventional: true })],
    ['NOT_LOADED', primary(UNBOUND), hello({ mapLost: true, sessionCounter: 0n })],
    ['WRONG_RELATIONSHIP', primary(), hello({ relationshipId: id(30) })],
    ['WRONG_VOLUME', primary(), hello({ volumeId: id(20) })],
    ['STALE_GENERATION', primary(), hello({ generation: (2n << 32n) | 77n })],
    ['STALE_GENERATION', primary(), hello({ generation: (3n << 32n) | 78n })],
    ['STALE_GENERATION', primary(UNBOUND, { fullOwed: true }), hello({ generation: (2n << 32n) | 77n, sessionCounter: 0n })],
    ['WRONG_MEDIUM', primary(UNBOUND), hello({ mediumRoot: id(50), sessionCounter: 0n })],
    ['WRONG_MEDIUM', primary({ ...UNBOUND, mediumRoot: NONE }), hello({ mediumRoot: NONE, sessionCounter: 0n })],
    ['OTHER_SECONDARY', primary(), hello({ loadId: id(40) })],
    ['OTHER_SECONDARY', primary({}, { fullOwed: true }), hello({ loadId: id(40), generation: 5n })],
    ['STALE_SECONDARY', primary(), hello({ sessionCounter: 8n })],
  ])('%s', (status, control, from) => {
    expect(verdict(control, from)).toBe(status);
  });

  test('and the generations are told apart', () => {
    expect(reasonToRefuse(primary(), hello({ generation: (2n << 32n) | 77n }))?.detail).toContain('older');
    expect(reasonToRefuse(primary(), hello({ generation: (4n << 32n) | 77n }))?.detail).toContain('another');
  });
});

test('a fork is a divergence only of the own secondary, bound or seeded', () => {
  expect(isOwnSecondary(primary(), hello())).toBe(true);
  expect(isOwnSecondary(primary(UNBOUND), hello({ loadId: id(40) }))).toBe(true);
  expect(isOwnSecondary(primary(), hello({ loadId: id(40) }))).toBe(false);
  expect(isOwnSecondary(primary(), hello({ relationshipId: id(30) }))).toBe(false);
  expect(isOwnSecondary(primary(UNBOUND), hello({ mediumRoot: id(50) }))).toBe(false);
  expect(isOwnSecondary(primary({ ...UNBOUND, mediumRoot: NONE }), hello({ mediumRoot: NONE }))).toBe(false);
});
