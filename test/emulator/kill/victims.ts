import type { CardInProcess } from '../processes/card-in-process.js';
import type { Pair } from './pair.js';

/** Whom to kill next: by turns the one, the other, and now and then both at once. */
export function victims({ primary, secondary }: Pair): () => readonly CardInProcess[] {
  const turns = [[primary], [secondary], [primary, secondary], [secondary], [primary]];
  let next = 0;
  return () => {
    const turn = turns[next % turns.length] ?? [];
    next += 1;
    return turn;
  };
}

export function namesOf(cards: readonly CardInProcess[]): string {
  return cards.map(({ name }) => name).join(' and ');
}
