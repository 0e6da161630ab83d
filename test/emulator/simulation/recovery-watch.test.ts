import { expect, test } from 'vitest';
import type { Control } from '../../../firmware/metadata/control-store.js';
import type { DurableView } from '../../../emulator/simulation/durable-view.js';
import { RecoveryWatch } from '../../../emulator/simulation/recovery-watch.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { livePair } from './worlds.js';

/** The primary of a live pair, as whoever watches it sees it. */
function watched(): { readonly watch: RecoveryWatch; readonly seen: { control: Control | undefined; isDirty: (grain: number) => boolean }; readonly control: Control; readonly nvram: { doubtful: boolean } } {
  const { primary } = livePair().watch;
  const { control } = primary;
  if (control === undefined) throw new Error('a live pair has control blocks');
  const nvram = { doubtful: false };
  const components = { core: { state: { control: { current: control } } } };
  const seen = { control: primary.control, layout: primary.layout, isDirty: () => true, card: { name: 'P', components, nvram: { content: nvram } } };
  const watch = new RecoveryWatch(seen as unknown as DurableView, complaintsTo('rules'));
  watch.committed();
  return { watch, seen, control, nvram };
}

test('rule 14: a primary that lost both control blocks is all dirty, of a generation of its own', () => {
  const { watch, seen, control } = watched();
  seen.control = undefined;
  watch.wentDown(false);
  seen.control = control;
  expect(() => { watch.recovered(); }).toThrow('rule 14: P lost both control blocks, and goes on with a generation of before');
  const fresh = { ...control, identity: { ...control.identity, generation: 99n } };
  seen.control = fresh;
  seen.isDirty = (grain) => grain !== 200;
  expect(() => { watch.recovered(); }).toThrow('rule 14: P does not know what its map has lost, and not all of it is dirty');
  seen.isDirty = () => true;
  watch.recovered();
  // It has lost nothing since.
  seen.isDirty = () => false;
  watch.recovered();
});

test('rule 14: an NVRAM in doubt is all dirty', () => {
  const { watch, seen, nvram } = watched();
  nvram.doubtful = true;
  watch.wentDown(false);
  nvram.doubtful = false;
  seen.isDirty = () => false;
  expect(() => { watch.recovered(); }).toThrow('rule 14: P does not know');
});

test('rule 5: finds half an establishment', () => {
  const { watch, seen, control } = watched();
  seen.control = { ...control, identity: { ...control.identity, generation: 0n } };
  expect(() => { watch.recovered(); }).toThrow('rule 5: P has come up with half an establishment');
});

test('rule 14: no cut takes both control blocks, unless they were lost before', () => {
  const { watch, seen } = watched();
  seen.control = undefined;
  expect(() => { watch.wentDown(true); }).toThrow('rule 14: a cut has taken both control blocks of P');
  watch.wentDown(false);
  watch.wentDown(true);
});

test('rule 16: who had access has it again, though both control blocks were lost', () => {
  const { watch, seen, control } = watched();
  Object.assign(control, { access: true, forkId: 7n });
  watch.goesDown();
  seen.control = undefined;
  watch.wentDown(false);
  const fresh = { ...control, identity: { ...control.identity, generation: 99n } };
  for (const lost of [{ access: false }, { forkId: 8n }]) {
    seen.control = { ...fresh, ...lost };
    expect(() => { watch.recovered(); }).toThrow('rule 16: P lost both control blocks, and has taken from its hosts the access that they had');
  }
  seen.control = fresh;
  watch.recovered();
});

test('another card in its place has lost nothing of what this one has', () => {
  const { watch, seen, control } = watched();
  seen.control = undefined;
  watch.wentDown(false);
  seen.control = control;
  watch.replaced();
  seen.isDirty = () => false;
  watch.recovered();
});
