import { ADDRESS_FORMS } from '../protos/lines/address.js';

/** What the emulator refuses, or cannot do. `code` is for programs, the message for people. */
export class EmulatorError extends Error {
  constructor(
    readonly code: EmulatorErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'EmulatorError';
  }
}

export type EmulatorErrorCode =
  | 'ADDRESS_INVALID'
  | 'ADDRESS_NOT_USABLE'
  | 'CARD_DIRECTORY_IN_USE'
  | 'CARD_DIRECTORY_HAS_CARD'
  | 'CARD_DIRECTORY_HAS_NO_CARD'
  | 'CARD_DIRECTORY_DAMAGED'
  | 'CARD_DIRECTORY_NOT_USABLE'
  | 'GEOMETRY_INVALID';

/** Every error of the emulator, in one table. */
export const emulatorErrors = {
  addressInvalid: (address: string, reason: string) =>
    new EmulatorError(
      'ADDRESS_INVALID',
      `The address "${address}" ${reason}. Write ${ADDRESS_FORMS}.`,
    ),
  addressNotUsable: (address: string, reason: string) =>
    new EmulatorError('ADDRESS_NOT_USABLE', `The address ${address} cannot be used: ${reason}.`),
  directoryInUse: (directory: string) =>
    new EmulatorError('CARD_DIRECTORY_IN_USE', `Another process uses the card in ${directory}. Stop that one first.`),
  directoryHasCard: (directory: string) =>
    new EmulatorError(
      'CARD_DIRECTORY_HAS_CARD',
      `There is a card in ${directory} already. Choose another directory, or remove that card's files.`,
    ),
  directoryHasNoCard: (directory: string) =>
    new EmulatorError('CARD_DIRECTORY_HAS_NO_CARD', `There is no card in ${directory}. Make one with "card format".`),
  directoryDamaged: (directory: string, reason: string) =>
    new EmulatorError('CARD_DIRECTORY_DAMAGED', `The card in ${directory} cannot be switched on: ${reason}.`),
  directoryNotUsable: (directory: string, reason: string) =>
    new EmulatorError('CARD_DIRECTORY_NOT_USABLE', `The directory ${directory} cannot be used: ${reason}.`),
  geometryInvalid: (reason: string) => new EmulatorError('GEOMETRY_INVALID', reason),
} as const;
