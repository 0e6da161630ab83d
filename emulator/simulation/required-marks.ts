/**
 * What a run of many seeds has to reach, by the names of {@link Marks}: whatever the rules speak of and that happens
 * by luck alone. A scenario that comes to it no more proves nothing of it.
 */
export const REQUIRED_MARKS: readonly string[] = [
  // The method (302 to 316), interrupted and gone on with.
  'medium sealed',
  'medium loaded',
  'export resumed',
  'load resumed',
  'dissolved, to be established anew',
  'synchronization with quiet hosts',
  'markers for grains never written',
  'volumes compared',
  'synchronized before the calm',
  // T0 (rule 6).
  'T0 ended: FLASH_COPY_STORE_FULL',
  'T0 ended: FLASH_COPY_DAMAGED',
  'T0 ended: FLASH_COPY_STOPPED',
  // Media that must not be loaded (rules 6 and 7).
  'mediumLoad refused: MEDIUM_UNSEALED',
  'mediumLoad refused: MEDIUM_TRUNCATED',
  'mediumLoad refused: MEDIUM_DAMAGED',
  'mediumLoad refused: MEDIUM_STALE_GENERATION',
  'mediumLoad refused: MEDIUM_WRONG_RELATIONSHIP',
  'mediumLoad refused: HOSTS_HAVE_WRITTEN',
  'mediumLoad refused: SECONDARY_HAS_ACCESS',
  'LOAD failed: MEDIUM_DAMAGED',
  'medium with two chunks swapped',
  'medium pulled out while a card is at it',
  // Secondaries that must not be let in (rule 8).
  'secondary replaced',
  'secondary restored from a backup',
  'refused: WRONG_RELATIONSHIP',
  'refused: STALE_GENERATION',
  'refused: WRONG_MEDIUM',
  'refused: OTHER_SECONDARY',
  'refused: STALE_SECONDARY',
  'refused: NOT_LOADED',
  'refused: NOT_PRIMARY',
  'refused: STOPPED',
  'refused: SECONDARY_HAS_ACCESS',
  // Frames and acknowledgements of before (rule 9).
  'late frame dropped',
  'late acknowledgement dropped',
  // Hosts that wait for a line of which nobody hears (rule 4).
  'line dead for long',
  'line dead for long while synchronized',
  // Recovery (rule 14), cut short too.
  'boot with NVRAM_DAMAGED',
  'boot with NVRAM_DOUBTFUL',
  'boot with SUPERBLOCK_DAMAGED',
  'boot with both control blocks lost',
  'one control block stale',
  'cut of P while it recovers',
  'cut of S while it recovers',
  // Two writers (rule 16).
  'hosts write to the secondary',
  'start refused: SECONDARY_HAS_WRITES',
  'connectPeer refused: SECONDARY_HAS_WRITES',
  'mediumLoad refused: SECONDARY_HAS_WRITES',
  'divergence reported to the primary',
  'union of what both sides wrote',
  // Cuts in each state.
  ...['NONE', 'TRACKING', 'INCONSISTENT_COPYING', 'CONSISTENT_SYNCHRONIZED', 'CONSISTENT_DISCONNECTED', 'INCONSISTENT_DISCONNECTED', 'CONSISTENT_STOPPED', 'INCONSISTENT_STOPPED', 'IDLING_DISCONNECTED'].map((state) => `cut of P while ${state}`),
  ...['NONE', 'LOADING', 'SEEDED', 'INCONSISTENT_COPYING', 'CONSISTENT_SYNCHRONIZED', 'CONSISTENT_DISCONNECTED', 'INCONSISTENT_DISCONNECTED', 'CONSISTENT_STOPPED', 'INCONSISTENT_STOPPED', 'IDLING'].map((state) => `cut of S while ${state}`),
];

/** Those that were not reached so often. */
export function missedMarks(counts: Readonly<Record<string, number>>, times = 1): string[] {
  return REQUIRED_MARKS.filter((name) => (counts[name] ?? 0) < times);
}
