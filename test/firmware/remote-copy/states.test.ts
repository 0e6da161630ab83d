import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { ControlBlockSchema, IdentitySchema, LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { DiskState, LinkState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { Control } from '../../../firmware/metadata/control-store.js';
import { diskState, linkState, relationshipState, type SessionPhase } from '../../../firmware/remote-copy/states.js';

type ControlFields = Omit<MessageInitShape<typeof ControlBlockSchema>, 'identity' | '$typeName'>;
type IdentityFields = Omit<MessageInitShape<typeof IdentitySchema>, '$typeName'>;

const BOUND = { loadId: new Uint8Array(16).fill(1) };

function card(role: Role, control: ControlFields = {}, identity: IdentityFields = {}): Control {
  return create(ControlBlockSchema, { ...control, identity: create(IdentitySchema, { role, ...identity }) }) as Control;
}

describe('the relationship of a primary', () => {
  test.each<[keyof typeof RelationshipState, Control, SessionPhase]>([
    ['TRACKING', card(Role.PRIMARY, { consistent: true }), undefined],
    ['TRACKING', card(Role.PRIMARY), 'welcomed'],
    ['INCONSISTENT_COPYING', card(Role.PRIMARY, {}, BOUND), 'copying'],
    ['CONSISTENT_SYNCHRONIZED', card(Role.PRIMARY, {}, BOUND), 'synchronized'],
    ['CONSISTENT_DISCONNECTED', card(Role.PRIMARY, { consistent: true }, BOUND), undefined],
    ['INCONSISTENT_DISCONNECTED', card(Role.PRIMARY, {}, BOUND), undefined],
    ['CONSISTENT_STOPPED', card(Role.PRIMARY, { consistent: true }, { ...BOUND, stopped: true }), undefined],
    ['INCONSISTENT_STOPPED', card(Role.PRIMARY, {}, { ...BOUND, stopped: true }), undefined],
    ['IDLING_DISCONNECTED', card(Role.PRIMARY, { consistent: true, peerForkId: 3n }, BOUND), undefined],
  ])('is %s', (state, control, phase) => {
    expect(RelationshipState[relationshipState(control, phase)]).toBe(state);
    expect(diskState(control, phase)).toBe(DiskState.UP_TO_DATE);
  });
});

describe('the relationship of a secondary', () => {
  test.each<[keyof typeof RelationshipState, keyof typeof DiskState, Control, SessionPhase]>([
    ['LOADING', 'INCONSISTENT', card(Role.SECONDARY, { loadState: LoadState.LOADING }), undefined],
    ['SEEDED', 'CONSISTENT', card(Role.SECONDARY, { consistent: true }, BOUND), undefined],
    ['INCONSISTENT_COPYING', 'INCONSISTENT', card(Role.SECONDARY, { met: true }, BOUND), 'copying'],
    ['CONSISTENT_SYNCHRONIZED', 'UP_TO_DATE', card(Role.SECONDARY, { met: true, consistent: true }, BOUND), 'synchronized'],
    ['CONSISTENT_DISCONNECTED', 'CONSISTENT', card(Role.SECONDARY, { met: true, consistent: true }, BOUND), undefined],
    ['INCONSISTENT_DISCONNECTED', 'INCONSISTENT', card(Role.SECONDARY, { met: true }, BOUND), undefined],
    ['INCONSISTENT_DISCONNECTED', 'INCONSISTENT', card(Role.SECONDARY, {}, BOUND), 'accepted'],
    ['CONSISTENT_STOPPED', 'CONSISTENT', card(Role.SECONDARY, { met: true, consistent: true }, { ...BOUND, stopped: true }), undefined],
    ['INCONSISTENT_STOPPED', 'INCONSISTENT', card(Role.SECONDARY, { met: true }, { ...BOUND, stopped: true }), undefined],
    ['IDLING', 'CONSISTENT', card(Role.SECONDARY, { met: true, consistent: true, access: true }, { ...BOUND, stopped: true }), undefined],
  ])('is %s, its disk %s', (state, disk, control, phase) => {
    expect([RelationshipState[relationshipState(control, phase)], DiskState[diskState(control, phase)]]).toEqual([state, disk]);
  });
});

test('a standalone card has no relationship, and is up to date', () => {
  const control = card(Role.STANDALONE);
  expect([relationshipState(control, undefined), diskState(control, undefined)]).toEqual([RelationshipState.NONE, DiskState.UP_TO_DATE]);
});

describe('the link', () => {
  test.each([
    ['LISTENING', card(Role.PRIMARY), undefined, 'idle', true],
    ['NONE', card(Role.PRIMARY), undefined, 'idle', false],
    ['NEGOTIATING', card(Role.PRIMARY), 'welcomed', 'idle', true],
    ['ONLINE', card(Role.PRIMARY), 'opened', 'idle', true],
    ['NONE', card(Role.SECONDARY), undefined, 'idle', true],
    ['CONNECTING', card(Role.SECONDARY), undefined, 'connecting', false],
    ['NEGOTIATING', card(Role.SECONDARY), undefined, 'negotiating', false],
    ['NEGOTIATING', card(Role.SECONDARY), 'accepted', 'online', false],
    ['REFUSED', card(Role.SECONDARY), undefined, 'refused', false],
    ['ONLINE', card(Role.SECONDARY), 'copying', 'online', false],
  ] as const)('is %s', (state, control, phase, requester, listening) => {
    expect(LinkState[linkState(control, phase, requester, listening)]).toBe(state);
  });
});
