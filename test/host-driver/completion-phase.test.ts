import { describe, expect, it } from 'vitest';
import { CompletionPhase } from '../../host-driver/completion-phase.js';

function follow(depth: number, phases: string): boolean[] {
  const phase = new CompletionPhase(depth);
  return Array.from(phases, (bit) => phase.follow(bit === '1'));
}

describe('CompletionPhase', () => {
  it('is true in the first round and inverts with each wrap', () => {
    expect(follow(3, '111000111')).not.toContain(false);
    expect(follow(1, '10101')).not.toContain(false);
  });

  it('notices a completion that was lost', () => {
    expect(follow(3, '11000')).toEqual([true, true, false, true, true]);
  });

  it('notices a completion that came twice', () => {
    expect(follow(3, '1111000')).toEqual([true, true, true, false, false, true, true]);
  });

  it('is in step again from the next wrap on', () => {
    expect(follow(2, '1001100').slice(3)).not.toContain(false);
  });
});
