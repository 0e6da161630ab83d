import { Status } from '../gen/grainlink/common/v1/common_pb.js';

/**
 * What happened and what to do, for the one who reads it at three in the morning. Verbs in backquotes are
 * the `grainlink` program's. The record's type proves that no code is without its sentence.
 */
export const statusSentences: Readonly<Record<Status, string>> = {
  [Status.UNSPECIFIED]: 'The answer carries no status, so its sender speaks another version of the contract; run the same version on both ends.',
  [Status.SUCCESS]: 'The command is done.',

  // The request itself is wrong.
  [Status.INVALID_FRAME]: 'The frame is not a message of this contract and was not acted upon; check that the program at the other end speaks grainlink.',
  [Status.UNSUPPORTED_VERSION]: 'The other end speaks a version of the contract that this card does not; run the same version on both ends.',
  [Status.UNKNOWN_COMMAND]: 'The card does not know this command, or not on this queue; check the opcode, and send administration to the admin queue.',
  [Status.INVALID_FIELD]: 'A field of the command has a value that the card does not accept; correct the field that the detail names.',
  [Status.MISALIGNED]: 'The offset or the length is not a multiple of the unit it has to be in; align both to the block size of the volume, and register accesses to 4 bytes.',
  [Status.OUT_OF_RANGE]: 'The range reaches past the end of the volume or of the register space; ask `identify` for the size and stay within it.',
  [Status.TRANSFER_TOO_LARGE]: 'The command moves more than the card takes in one; split it at the largest transfer that the connection was granted.',
  [Status.PAYLOAD_MISMATCH]: 'The data sent with the write is not as long as its block count says, and nothing was written; send exactly that many blocks.',
  [Status.UNKNOWN_VOLUME]: 'The card has no volume of that number; a card has one volume, and its number is 0.',
  [Status.UNKNOWN_QUEUE]: 'The connection has no queue of that number; 0 is its admin queue and 1 its I/O queue.',
  [Status.NOT_CONNECTED]: 'The command came before the connection was opened; send Connect first and wait for its answer.',
  [Status.COMMAND_ID_IN_USE]: 'A command of this id is still in flight on the queue, and the second one was not started; give each command in flight an id of its own.',
  [Status.UNKNOWN_REGISTER]: 'There is no register at this offset; see docs/registers.md for the map.',
  [Status.REGISTER_NOT_WRITABLE]: 'The register or field is for reading only, and the write had no effect; see docs/registers.md for the access of each.',

  // The card is not able to, for now.
  [Status.BUSY]: 'The card is doing something that excludes this; try again when it is done.',
  [Status.QUEUE_FULL]: 'The submission queue is full and the command was not taken; send no more commands at once than the depth that was granted.',
  [Status.TOO_MANY_CONNECTIONS]: 'The card serves as many hosts as it can; disconnect one and try again.',
  [Status.JOB_RUNNING]: 'An export or a load is running and there is one at a time; wait until `status` shows its end.',
  [Status.STARTING]: 'The card is still recovering its state after power came; try again in a moment.',

  // A part failed.
  [Status.DISK_ERROR]: 'The disk failed to read, write or flush, and the command did not take full effect; look after the disk before you rely on this card.',
  [Status.NVRAM_ERROR]: 'The NVRAM failed to keep what the card must not forget, and the command was not carried out; replace the NVRAM before you go on writing.',
  [Status.MEDIUM_ERROR]: 'The medium could not be read or written; check that it is in place, writable and not full, then give the command again to go on where it ended.',
  [Status.LINK_LOST]: 'The link to the peer card was lost; writes are tracked meanwhile, and the pair synchronizes by itself when the link is back.',
  [Status.INTERNAL]: 'The firmware met a case that it should never meet; keep the trace of the card and report it.',

  // The card's role or state forbids it.
  [Status.NOT_PRIMARY]: 'Only the primary can do this, and this card is not one; give the command to the primary, or make this card one with `establish`.',
  [Status.NOT_SECONDARY]: 'Only the secondary can do this, and this card is not one; give the command to the secondary.',
  [Status.NOT_STANDALONE]: 'The card has a role in a relationship already; give it up with `dissolve` first.',
  [Status.ALREADY_ESTABLISHED]: 'The card is the primary of a relationship already; `dissolve` that one before you establish another.',
  [Status.NO_RELATIONSHIP]: 'The card is in no relationship; start one with `establish` on the primary, or with `medium load` or `connect` on the secondary.',
  [Status.WRITE_TO_SECONDARY]: 'This card is a secondary and does not take writes from hosts; write to the primary, or let hosts write here with `stop --access`.',
  [Status.READ_INCONSISTENT]: 'The data of this secondary is a mixture of old and new while it is being copied, and is not given out; read at the primary, or wait until it is consistent.',
  [Status.HOSTS_HAVE_WRITTEN]: 'Hosts have written to this card, and their data would be lost; repeat the command with `--overwrite` if it may be.',
  [Status.STOPPED]: 'The relationship is stopped and nothing is copied; `start` it first.',
  [Status.ACCESS_AT_PRIMARY]: 'Access is given at the secondary, and hosts can write to this primary anyway; use `stop` without `--access` here.',
  [Status.SECONDARY_HAS_WRITES]: 'Hosts have written to the secondary since it was given access; give those writes up with `start --discard-secondary` there, or save them first.',
  [Status.NOT_CONSISTENT]: 'The data of this secondary is not consistent, and hosts cannot be given access to it; let the synchronization end, or load a medium.',
  [Status.ALREADY_STOPPED]: 'The relationship is stopped already; nothing was changed.',
  [Status.NOT_STOPPED]: 'The relationship is running already, and there is nothing to start.',
  [Status.ALREADY_CONNECTED]: 'The secondary is told to be connected already; `disconnect` it before you name another peer.',
  [Status.NO_PEER_PORT]: 'The card was started without a port for its peer; run it with `--peer`.',
  [Status.NOT_WISHED]: 'The secondary was not told to be connected, and there is nothing to undo.',

  // FlashCopy (202).
  [Status.NO_FLASH_COPY]: 'There is no T0 image to export or to stop; take one with `flash-copy start`.',
  [Status.FLASH_COPY_ACTIVE]: 'There is a T0 image already, and a card keeps one; export it, or end it with `flash-copy stop`.',
  [Status.FLASH_COPY_STORE_FULL]: 'Hosts overwrote more grains than the FlashCopy store holds, so the T0 image ended and hosts went on; take a new one, and export it in a quieter hour or with a larger store.',
  [Status.FLASH_COPY_DAMAGED]: 'The index or the store of the T0 image is damaged, so the image ended and hosts went on; take a new one with `flash-copy start`.',
  [Status.FLASH_COPY_STOPPED]: 'The T0 image was stopped, and a medium that its export had not finished stays unsealed; take a new one and export that.',

  // The medium (212).
  [Status.MEDIUM_NOT_A_MEDIUM]: 'The file is no grainlink medium, or its label is damaged; check the path.',
  [Status.MEDIUM_UNSUPPORTED_VERSION]: 'The medium was written in a format that this version does not know; export it again, with the same version on both cards.',
  [Status.MEDIUM_UNSEALED]: 'The export to this medium was never completed; resume it with `medium export` to the same file.',
  [Status.MEDIUM_TRUNCATED]: 'The medium ends before its data does; copy it again from where it was exported, or export again.',
  [Status.MEDIUM_DAMAGED]: 'The content of the medium does not match its digest; copy it again from where it was exported, or export again.',
  [Status.MEDIUM_WRONG_SIZE]: 'The medium holds a volume of another size than this card has; format the secondary with the size that `medium inspect` shows.',
  [Status.MEDIUM_WRONG_GRAIN_SIZE]: 'The medium was written with another grain size than this card has; format the secondary with the grain size that `medium inspect` shows.',
  [Status.MEDIUM_EXISTS]: 'There is a file of that name which is not this export under way, and it is not overwritten; give another name, or remove it.',
  [Status.MEDIUM_NOT_FOUND]: 'There is no file of that name on the machine of the card; check the path and whether the medium is in place.',
  [Status.MEDIUM_WRONG_RELATIONSHIP]: 'The medium belongs to another relationship than this secondary does; load one that its own primary exported, or `dissolve` first.',
  [Status.MEDIUM_WRONG_VOLUME]: 'The medium holds another volume than the one this secondary copies; load one of the right volume.',
  [Status.MEDIUM_STALE_GENERATION]: 'The medium is of an older establishment than this secondary knows; export a T0 image of the present one and load that.',
  [Status.MEDIUM_CHANGED]: 'The medium is not the one that was verified, or of which a part is loaded already; put the right one in, or load this one from the beginning.',

  // Admission to synchronization (rule 8).
  [Status.WRONG_RELATIONSHIP]: 'The primary refused synchronization because the secondary belongs to another relationship; check the address, or load a medium of this primary.',
  [Status.WRONG_VOLUME]: 'The primary refused synchronization because the secondary holds a copy of another volume; check the address, or load a medium of this primary.',
  [Status.STALE_GENERATION]: 'The primary refused synchronization because the secondary was loaded in another generation than the one being tracked; load a medium exported since the newest `establish`.',
  [Status.WRONG_SIZE]: 'The primary refused synchronization because the two volumes differ in size; format the secondary with the size of the primary.',
  [Status.WRONG_GRAIN_SIZE]: 'The primary refused synchronization because the two cards differ in grain size; format the secondary with the grain size of the primary.',
  [Status.WRONG_MEDIUM]: 'The primary refused synchronization because the secondary loaded a medium other than the last one it sealed; load that one.',
  [Status.OTHER_SECONDARY]: 'The primary refused synchronization because it is bound to another secondary, or to an earlier load of this one, and its map is no longer true for this copy; `establish` anew, or `connect --conventional`.',
  [Status.STALE_SECONDARY]: 'The primary refused synchronization because the secondary is an older state of the copy it has synchronized since, as after a restored backup; `establish` anew, or `connect --conventional`.',
  [Status.NOT_LOADED]: 'The secondary holds no complete copy to go on from; end its load with `medium load`, or copy all over the link with `connect --conventional`.',
  [Status.SECONDARY_HAS_ACCESS]: 'Synchronization was refused because hosts may write to the secondary; take that back with `start --discard-secondary` there.',
  [Status.SELF_CONNECTION]: 'The card was told to be the secondary of itself; name the address of the primary.',

  // Found at boot (rule 14).
  [Status.NVRAM_DAMAGED]: 'Part of the NVRAM was damaged, and the grains it told of count as dirty; no data is lost, and the next synchronization copies more than it had to.',
  [Status.NVRAM_DOUBTFUL]: 'The machine went down without a clean shutdown, so that the NVRAM may be old and every grain counts as dirty; the next synchronization copies all of them.',
  [Status.SUPERBLOCK_DAMAGED]: 'A copy of the superblock on the disk was damaged and was written anew from the good one; watch the disk.',
  [Status.NOT_FORMATTED]: 'The directory holds no card that can be started; make one with `card format`, or restore the files that are missing or cut short.',
};

/** The name of a code without its prefix: `STALE_GENERATION`. A code this version does not know is shown as its number. */
export function statusName(status: Status): string {
  // A peer of a later version may send what this one has no name for, so the lookup can fail.
  const name = Status[status] as string | undefined;
  return name ?? `STATUS_${String(status)}`;
}

/** The sentence of a code; one for codes that only a later version knows. */
export function statusSentence(status: Status): string {
  const sentence = statusSentences[status] as string | undefined;
  return sentence ?? `The other end answered with code ${String(status)}, which this version does not know; run the same version on both ends.`;
}
