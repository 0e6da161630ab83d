import { expect, test } from 'vitest';
import type { DurableView } from '../../../emulator/simulation/durable-view.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { SessionCounters } from '../../../emulator/simulation/session-counters.js';
import { livePair } from './worlds.js';

test('rule 8: finds a secondary that does not know of a session that its primary knows of, unless it is what it was before', () => {
  const { watch } = livePair();
  const control = watch.secondary.control;
  const behind = { control: { ...control, identity: { ...control?.identity, sessionCounter: 0n } } } as unknown as DurableView;
  new SessionCounters(watch.primary, watch.secondary, complaintsTo('rules')).note();
  const counters = new SessionCounters(watch.primary, behind, complaintsTo('rules'));
  expect(() => { counters.note(); }).toThrow('rule 8: the secondary knows of session 0');
  counters.replaced();
  counters.note();
});
