import { Card } from '../firmware/card.js';
import type { Hal } from '../firmware/hal.js';
import { DriveLoop } from './drive-loop.js';
import { SHUTDOWN_MS } from './limits.js';

/** A booted card and what steps it. */
export interface RunningCard {
  readonly card: Card;
  /** Resolves when it has recovered and serves; never, when it cannot. */
  readonly booted: Promise<void>;
  /** Drains the card. False when it broke, or took too long. */
  shutDown(): Promise<boolean>;
  /** It is never stepped again. */
  stop(): void;
}

/** @param onFault is told once, when the firmware broke one of its own rules. */
export function runCard(hal: Hal, onFault: (error: Error) => void): RunningCard {
  let afterStep = (): void => undefined;
  let tellBooted = (): void => undefined;
  const booted = new Promise<void>((resolve) => { tellBooted = resolve; });
  const drive = new DriveLoop(
    (limit) => {
      const more = card.step(limit);
      if (card.components !== undefined) tellBooted();
      afterStep();
      return more;
    },
    (error) => {
      onFault(error);
      afterStep();
    },
  );
  const card = new Card(hal, () => { drive.wake(); });
  card.boot();
  return {
    card,
    booted,
    stop: () => { drive.stop(); },
    shutDown: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => { resolve(false); }, SHUTDOWN_MS);
        afterStep = () => {
          if (!card.shutDown && !drive.stopped) return;
          clearTimeout(timer);
          resolve(card.shutDown);
        };
        if (!drive.stopped) card.shutdown();
        afterStep();
      }),
  };
}
