/** The part of fs-native-extensions that is used here; the package brings no types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on the open file description; false when another one holds it. */
  export function tryLock(fd: number): boolean;
  /** As `tryLock`, once nobody else holds it. */
  export function waitForLock(fd: number): Promise<void>;
  /** Punches a hole: the range reads as zeroes, the length of the file stays. */
  export function trim(fd: number, offset: number, length: number): Promise<void>;
  export function trimSync(fd: number, offset: number, length: number): void;
}
