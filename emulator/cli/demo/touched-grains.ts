/** Which grains the host wrote to since a moment: what may have become dirty since, by the host's own account. */
export interface TouchedGrains {
  /** A write is submitted; call what is returned when it is answered. */
  begin(offsetBytes: number, lengthBytes: number): () => void;
  /** The moment is now. What is in flight counts, since it may take effect later. */
  restart(): void;
  grains(): ReadonlySet<number>;
}

interface GrainRange {
  readonly first: number;
  readonly last: number;
}

export function touchedGrains(grainBytes: number): TouchedGrains {
  const touched = new Set<number>();
  const inFlight = new Set<GrainRange>();
  const add = ({ first, last }: GrainRange): void => {
    for (let grain = first; grain <= last; grain += 1) touched.add(grain);
  };
  return {
    begin: (offsetBytes, lengthBytes) => {
      const range = { first: Math.floor(offsetBytes / grainBytes), last: Math.floor((offsetBytes + lengthBytes - 1) / grainBytes) };
      inFlight.add(range);
      add(range);
      return () => { inFlight.delete(range); };
    },
    restart: () => {
      touched.clear();
      for (const range of inFlight) add(range);
    },
    grains: () => touched,
  };
}
