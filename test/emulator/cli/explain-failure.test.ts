import { expect, it } from 'vitest';
import { explainFailure } from '../../../emulator/cli/simulate/explain-failure.js';
import { NO_FAULTS } from '../../../emulator/simulation/faults.js';

it('tells a failed seed with the command that runs it again', () => {
  const failure = { rule: 4, message: 'rule 4: a write is lost', step: 0, recent: [] };
  const result = { seed: 7, events: 1, simulatedUs: 1, traceHash: '0badcafe', marks: {}, failure };
  const { what, text } = explainFailure(result, NO_FAULTS, 'rules', { shortens: false, again: '--seeds 7 --faults none' });
  expect(what).toBe('rule 4');
  expect(text).toContain('rule 4: a write is lost');
  expect(text).toContain('Again: grainlink simulate --seeds 7 --faults none\n');
});
