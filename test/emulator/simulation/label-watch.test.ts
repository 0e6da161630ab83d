import { expect, test } from 'vitest';
import type { Control } from '../../../firmware/metadata/control-store.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DurableView } from '../../../emulator/simulation/durable-view.js';
import { LabelWatch } from '../../../emulator/simulation/label-watch.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { livePair } from './worlds.js';

/** A secondary that says one thing after the other. */
function saying(view: DurableView, ...said: readonly Partial<Control & { readonly role: Role }>[]): LabelWatch {
  const { card, content, control: first } = view;
  const stub = { card, content, blocksNotZero: () => view.blocksNotZero(), control: first };
  const watch = new LabelWatch(stub as unknown as DurableView, complaintsTo('rules'));
  for (const { role = Role.SECONDARY, ...control } of said) {
    stub.control = { ...view.control, ...control, identity: { ...view.control?.identity, role } } as Control;
    watch.changed();
  }
  return watch;
}

test('rules 7, 12 and 16: finds what an inconsistent secondary must not become', () => {
  const { watch: { secondary, hosts } } = livePair();
  saying(secondary, { consistent: false }, { consistent: false, role: Role.STANDALONE });
  expect(hosts.underWay).toBe(0);
  expect(() => saying(secondary, { consistent: false, access: false }, { consistent: false, access: true })).toThrow('rule 16: hosts may write to a secondary that is not consistent');
  saying(secondary, { consistent: true, access: false }, { consistent: true, access: true });
});

test('rule 12: finds half-copied data on a card that stands alone', () => {
  const story = livePair();
  const { watch } = story;
  watch.hosts.write(8, 8, true);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0);
  saying(watch.secondary, { consistent: true }, { consistent: false, role: Role.STANDALONE });
  expect(() => saying(watch.secondary, { consistent: false }, { consistent: false, role: Role.STANDALONE })).toThrow('rule 12: a card that was an inconsistent secondary');
});

test('rule 12: finds a synchronized secondary that calls itself inconsistent', () => {
  const { watch } = livePair();
  saying(watch.secondary, { consistent: true }).note();
  expect(() => { saying(watch.secondary, { consistent: false }).note(); }).toThrow('rule 12: a synchronized secondary');
});
