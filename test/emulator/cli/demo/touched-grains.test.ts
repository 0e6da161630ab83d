import { describe, expect, it } from 'vitest';
import { touchedGrains } from '../../../../emulator/cli/demo/touched-grains.js';

describe('the grains that a host touched', () => {
  it('are all that a write falls into', () => {
    const touched = touchedGrains(100);
    touched.begin(0, 100);
    touched.begin(250, 151);
    expect([...touched.grains()]).toEqual([0, 2, 3, 4]);
  });

  it('are forgotten at a restart, but for those of writes in flight', () => {
    const touched = touchedGrains(100);
    const answered = touched.begin(0, 1);
    touched.begin(500, 1);
    answered();
    touched.restart();
    expect([...touched.grains()]).toEqual([5]);
  });
});
