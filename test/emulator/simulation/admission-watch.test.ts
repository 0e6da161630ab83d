import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { Control } from '../../../firmware/metadata/control-store.js';
import { AdmissionWatch } from '../../../emulator/simulation/admission-watch.js';
import type { DurableView } from '../../../emulator/simulation/durable-view.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { LinkFrameSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { livePair } from './worlds.js';

const NONCE = 7n;
const HELLO = create(LinkFrameSchema, { body: { case: 'hello', value: { nonce: NONCE } } });
const WELCOME = create(LinkFrameSchema, { body: { case: 'welcome', value: { nonce: NONCE } } });
const OTHER = new Uint8Array(16).fill(0xee);

/** The primary of a live pair lets in its secondary, as that would be with some changes. */
function letIn(change: Partial<Control>, identity: Partial<Control['identity']> = {}): void {
  const { watch: { primary, secondary } } = livePair();
  const control = { ...secondary.control, conventional: false, ...change, identity: { ...secondary.control?.identity, ...identity } } as Control;
  const watch = new AdmissionWatch(primary, { card: secondary.card, control } as unknown as DurableView, complaintsTo('rules'));
  watch.frame('S', HELLO);
  watch.frame('P', WELCOME);
}

test('rule 8: its own secondary is let in, and whoever asks for everything by command', () => {
  expect(() => { letIn({}); }).not.toThrow();
  expect(() => { letIn({ conventional: true }, { relationshipId: OTHER, generation: 1n }); }).not.toThrow();
  expect(() => { letIn({ allDirty: true }, { sessionCounter: 0n }); }).not.toThrow();
});

test.each<[string, Partial<Control>, Partial<Control['identity']>, string]>([
  ['a card alone', {}, { role: Role.STANDALONE }, 'nobody\'s secondary'],
  ['one with access', { access: true }, {}, 'to which hosts may write'],
  ['another relationship', {}, { relationshipId: OTHER }, 'another relationship'],
  ['another volume', {}, { sourceVolumeId: OTHER }, 'another volume'],
  ['another generation', {}, { generation: 1n }, 'another generation'],
  ['another secondary', {}, { loadId: OTHER }, 'another secondary'],
  ['an older state', {}, { sessionCounter: 0n }, 'as it was before later sessions'],
])('rule 8: finds a primary that lets in %s', (_who, change, identity, sentence) => {
  expect(() => { letIn(change, identity); }).toThrow(sentence);
});

test('rule 8: finds a primary that lets in one that was never bound, and holds another T0', () => {
  const { watch: { primary, secondary } } = livePair();
  const unbound = { ...primary.control, identity: { ...primary.control?.identity, loadId: new Uint8Array(0), mediumRoot: OTHER } } as Control;
  const card = { name: 'P', components: { core: { state: { control: { current: unbound } } } } };
  const seeded = { ...secondary.control, conventional: false } as Control;
  const watch = new AdmissionWatch({ card, control: unbound } as unknown as DurableView, { card: secondary.card, control: seeded } as unknown as DurableView, complaintsTo('rules'));
  watch.frame('S', HELLO);
  expect(() => { watch.frame('P', WELCOME); }).toThrow('another T0 than the one that was sealed');
});
