/** Sizes and times of the torture, each with its reason. */

import { BLOCK_BYTES } from '../../firmware/limits.js';
import type { Area } from '../emulator/kill/host.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Little enough to be read whole after each kill, with a thousand grains of a few host writes each. */
export const VOLUME_BYTES = 16 * MIB;
export const GRAIN_BYTES = 16 * KIB;
/** Most of what hosts overwrite, so that an export seldom loses its T0 to them. */
export const STORE_BYTES = (VOLUME_BYTES / 8) * 3;

const BLOCKS = VOLUME_BYTES / BLOCK_BYTES;
/** Written before the first establishment. */
export const FILLED: Area = { firstBlock: 0, blocks: BLOCKS / 4 };
/** Where hosts work: on a part of what was filled, and on what nobody ever wrote. */
export const AREAS: readonly Area[] = [{ firstBlock: BLOCKS / 8, blocks: BLOCKS / 4 }, { firstBlock: BLOCKS / 2, blocks: BLOCKS / 4 }];
/** Where hosts of the secondary work as well: what they leave there nobody overwrites. */
export const GUEST_AREAS: readonly Area[] = [...AREAS, { firstBlock: (BLOCKS / 4) * 3, blocks: BLOCKS / 8 }];

/** One round of misfortune, before a calm in which the pair has to come to rest: long enough to get somewhere. */
export const ROUND_LEAST_MS = 6_000;
export const ROUND_MOST_MS = 25_000;
/** Between two misfortunes, at most: one of these a round, so that some rounds get far, and some nowhere. */
export const PAUSES_MOST_MS: readonly number[] = [500, 1_500, 4_000];

/** How long a killed card is off, at most. */
export const OFF_MOST_MS = 2_000;
/** From when a card is switched on until it is killed again, at most: it recovers in about this time. */
export const RECOVERY_MOST_MS = 500;
/** From when the line breaks until the primary is killed, at most: hosts begin to write what only its bits will tell. */
export const BREAK_TO_KILL_MS = 150;
/** How long hosts wait after a kill for both volumes to be compared: what they write could hide what it has left. */
export const QUIET_MOST_MS = 5_000;
/** How long a card stands still, or the line: beyond the link's silence limit of 4 s, now and then. */
export const STILL_MOST_MS = 6_000;

/** Frames that pass before a fault strikes one: into what a busy link carries in a moment. */
export const FRAMES_BEFORE_MOST = 400;
/** While the cards agree on what differs after a fork (rule 16), which takes few frames. */
export const AGREEMENT_FRAMES = 6;
/** A late frame arrives so far into a later connection: into the opening of its session, and what is done first. */
export const LATE_BEFORE_MOST = 24;

/** Between two looks of the operator. */
export const LOOK_LEAST_MS = 20;
export const LOOK_MOST_MS = 300;
export const CALM_LOOK_MS = 50;
/** Once faults have stopped (rule 18): a whole establishment on a busy machine, and twice the silence limit. */
export const CONVERGENCE_MS = 90_000;

/** Between two lines that say how far it is. */
export const PROGRESS_MS = 5_000;
/** Longest run: a day. */
export const MOST_MINUTES = 1440;
export const DEFAULT_MINUTES = 2;
