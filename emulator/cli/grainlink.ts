#!/usr/bin/env node
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostDriver } from '../../host-driver/index.js';
import { parseAddress } from '../parts/address.js';
import { ExitCode } from './exit-codes.js';
import { runProgram } from './program.js';
import type { TextOutput, World } from './world.js';

let exitCode: ExitCode = ExitCode.OK;
const interrupt = new AbortController();
process.on('SIGINT', () => { interrupt.abort(); });

const { version } = createRequire(import.meta.url)('grainlink/package.json') as { version: string };

const world: World = {
  version,
  stdout: outputTo(process.stdout, stdoutFailed),
  stderr: outputTo(process.stderr, () => undefined),
  connect: async (address) => {
    parseAddress(address);
    return HostDriver.connect(address);
  },
  interrupt: interrupt.signal,
  nowMs: () => performance.now(),
  sleep: (durationMs) => sleep(durationMs),
};

exitCode = await runProgram(process.argv.slice(2), world);
// What still stands in a pipe goes out first; a job that was given up must not hold the process.
process.stdout.write('', () => { process.exit(exitCode); });

function stdoutFailed(error: NodeJS.ErrnoException): void {
  // A reader that has seen enough (`grainlink dirty | head`) is no error, and hides none.
  if (error.code === 'EPIPE') process.exit(exitCode);
  process.stderr.write(`grainlink: What it has to say cannot be written: ${error.message}. Make room, or send it elsewhere.\n`);
  process.exit(ExitCode.FILE);
}

function outputTo(stream: NodeJS.WriteStream, failed: (error: Error) => void): TextOutput {
  stream.on('error', failed);
  // A file tells what became of a write to its callback alone, a pipe with an event as well.
  return { isTty: stream.isTTY, write: (text) => { stream.write(text, (error) => { if (error instanceof Error) failed(error); }); } };
}
