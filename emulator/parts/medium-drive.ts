import { close, constants, fdatasync, fstat, ftruncate, open } from 'node:fs';
import type { Completion, MediumDrive, MediumFile } from '../../firmware/hal.js';
import { readAllParts, writeAllParts } from './file-io.js';
import { partFault } from './part-fault.js';

const { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** Without waiting: a FIFO that nobody writes to would keep the card from ever looking at what it opened. */
const FLAGS = {
  create: O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK,
  resume: O_RDWR | O_NONBLOCK,
  read: O_RDONLY | O_NONBLOCK,
} as const;

/** Portable media (212) are files of the machine that the card runs on. */
export const fileMediumDrive: MediumDrive = {
  open(path: string, mode: 'create' | 'resume' | 'read', done: Completion<MediumFile>): void {
    open(path, FLAGS[mode], (error, fd) => {
      if (error === null) inspect(path, fd, done);
      else done.fail(partFault('medium', 'medium', error));
    });
  },
};

function inspect(path: string, fd: number, done: Completion<MediumFile>): void {
  fstat(fd, (error, stats) => {
    if (error === null && stats.isFile()) {
      done.succeed(mediumFile(fd, stats.size));
      return;
    }
    close(fd, () => {
      done.fail(error === null ? { part: 'medium', kind: 'io', text: `medium: ${path} is not a file` } : partFault('medium', 'medium', error));
    });
  });
}

function mediumFile(fd: number, lengthBytes: number): MediumFile {
  const settle = (what: string, done: Completion<void>) => (error: Error | null | undefined): void => {
    if (error === null || error === undefined) done.succeed();
    else done.fail(partFault('medium', `medium ${what}`, error));
  };
  return {
    lengthBytes,
    read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
      readAllParts(fd, [into], offsetBytes, (error, bytes) => {
        if (error !== null || bytes === into.length) settle('read', done)(error);
        else done.fail({ part: 'medium', kind: 'truncated', text: `medium read: it ends after ${String(offsetBytes + bytes)} bytes` });
      });
    },
    write(offsetBytes: number, from: readonly Uint8Array[], done: Completion<void>): void {
      writeAllParts(fd, from, offsetBytes, settle('write', done));
    },
    truncate(length: number, done: Completion<void>): void {
      ftruncate(fd, length, settle('truncate', done));
    },
    flush(done: Completion<void>): void {
      // Its length counts as data, so that fdatasync covers an appended medium.
      fdatasync(fd, (error) => {
        if (error === null) mustBeThere(fd, done);
        else settle('flush', done)(error);
      });
    },
    close(done: Completion<void>): void {
      close(fd, settle('close', done));
    },
  };
}

/** A file that was removed meanwhile takes every write, and nobody can carry it away. */
function mustBeThere(fd: number, done: Completion<void>): void {
  fstat(fd, (error, stats) => {
    if (error !== null) done.fail(partFault('medium', 'medium flush', error));
    else if (stats.nlink === 0) done.fail({ part: 'medium', kind: 'io', text: 'medium flush: its file has been removed' });
    else done.succeed();
  });
}
