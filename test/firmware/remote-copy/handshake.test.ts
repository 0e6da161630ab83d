import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { HelloSchema, type Welcome, WelcomeSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import { agreedPayloadBytes, helloFault, helloOf, welcomeFault } from '../../../firmware/remote-copy/handshake.js';
import { bootCore, formattedBoard } from '../support/board.js';

const id = new Uint8Array(16).fill(1);

function welcome(fields: MessageInitShape<typeof WelcomeSchema> = {}): Welcome {
  return create(WelcomeSchema, { version: 1, session: 5n, sessionCounter: 1n, relationshipId: id, volumeId: id, generation: 7n, maxPayloadBytes: 512, ...fields });
}

test('what a card says of itself is what it would accept', () => {
  const hello = helloOf(bootCore(formattedBoard()).state.control.current, 5n, 4096);
  if (hello.case !== 'hello') throw new Error('no Hello');
  expect(helloFault(create(HelloSchema, hello.value))).toBeUndefined();
});

test('a sound Welcome has no fault', () => {
  expect(welcomeFault(welcome())).toBeUndefined();
});

test.each<[string, MessageInitShape<typeof WelcomeSchema>]>([
  ['version', { version: 2 }],
  ['no session', { session: 0n }],
  ['no session, or no generation', { generation: 0n }],
  ['ids', { relationshipId: new Uint8Array(0) }],
  ['ids', { volumeId: new Uint8Array(1000) }],
  ['counter', { sessionCounter: (1n << 64n) - 1n }],
  ['less than a block', { maxPayloadBytes: 0 }],
])('a Welcome is found out: %s', (fault, fields) => {
  expect(welcomeFault(welcome(fields))).toContain(fault);
});

test.each([
  [65536, 262144, 65536],
  [262144, 1000, 512],
  [2 ** 31, 2 ** 31, 262144],
  [700, 513, 512],
  [512, 100, 512],
])('frames hold whole blocks, as many as peer (%i) and line (%i) take', (ofPeer, ofLine, agreed) => {
  expect(agreedPayloadBytes(ofPeer, ofLine)).toBe(agreed);
});
