/** What befalls cards, line and media from outside: whole steps of a scenario. */
export type Misfortune = 'power' | 'line' | 'nvram' | 'medium' | 'clock';

/** What goes wrong while a scenario runs. Probabilities, 0 to 1, are of what parts do by themselves. */
export interface FaultOptions {
  readonly misfortunes: readonly Misfortune[];
  /** A disk or medium operation fails with an I/O error and takes no effect. */
  readonly diskError: number;
  /** An NVRAM persist fails and takes no effect. */
  readonly nvramError: number;
  /** A part takes several hundred times as long as usual over one operation. */
  readonly slow: number;
  /** A frame on the link is lost. */
  readonly frameLost: number;
  /** A frame arrives twice. */
  readonly frameTwice: number;
  /** A frame arrives late: others overtake it. */
  readonly frameLate: number;
  /** An NVRAM line that was being persisted when the power went cannot be read afterwards. */
  readonly lineDamaged: number;
  /** An unflushed block has reached the disk when the power goes. */
  readonly blockKept: number;
}

export const NO_FAULTS: FaultOptions = { misfortunes: [], diskError: 0, nvramError: 0, slow: 0, frameLost: 0, frameTwice: 0, frameLate: 0, lineDamaged: 0, blockKept: 0.5 };

/** Sets by name, as `--faults` takes them. */
export const FAULT_SETS: Readonly<Record<string, FaultOptions>> = {
  none: NO_FAULTS,
  power: { ...NO_FAULTS, misfortunes: ['power'], lineDamaged: 0.3 },
  link: { ...NO_FAULTS, misfortunes: ['line'], frameLost: 0.002, frameTwice: 0.004, frameLate: 0.002 },
  disk: { ...NO_FAULTS, misfortunes: ['medium'], diskError: 0.001, slow: 0.002 },
  nvram: { ...NO_FAULTS, misfortunes: ['nvram'], nvramError: 0.001, lineDamaged: 0.3 },
  all: { misfortunes: ['power', 'line', 'nvram', 'medium', 'clock'], diskError: 0.0005, nvramError: 0.0005, slow: 0.003, frameLost: 0.001, frameTwice: 0.002, frameLate: 0.001, lineDamaged: 0.3, blockKept: 0.5 },
};
