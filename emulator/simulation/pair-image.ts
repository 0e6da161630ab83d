import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { CardImage } from './card-image.js';
import type { Fingerprint } from './fingerprint.js';
import { type Shelf, SimMedium } from './sim-medium.js';

/** What is durable of a pair and its media. */
export interface DurablePair {
  readonly primary: CardImage;
  readonly secondary: CardImage;
  readonly shelf: Shelf;
}

/** What a cut of both cards leaves, kept to boot from it. */
export class PairImage implements DurablePair {
  readonly primary: CardImage;
  readonly secondary: CardImage;
  readonly shelf: Shelf = new Map<string, SimMedium>();

  constructor(geometry: Geometry) {
    this.primary = new CardImage(geometry);
    this.secondary = new CardImage(geometry);
  }

  copyFrom({ primary, secondary, shelf }: DurablePair): this {
    this.primary.copyFrom(primary);
    this.secondary.copyFrom(secondary);
    this.shelf.clear();
    for (const [name, medium] of shelf) {
      const copy = new SimMedium();
      copy.copyFrom(medium);
      this.shelf.set(name, copy);
    }
    return this;
  }

  addTo(fingerprint: Fingerprint): void {
    this.primary.addTo(fingerprint, 0);
    this.secondary.addTo(fingerprint, 4);
    for (const [index, medium] of [...this.shelf.values()].entries()) medium.addTo(fingerprint, 8 + (index % 24));
  }
}
