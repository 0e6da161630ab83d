#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { HostDriver } from '../../host-driver/index.js';
import { parseAddress } from '../parts/address.js';
import { runProgram } from './program.js';
import type { TextOutput, World } from './world.js';

const interrupt = new AbortController();
process.on('SIGINT', () => { interrupt.abort(); });

const world: World = {
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
  connect: async (address) => {
    parseAddress(address);
    return HostDriver.connect(address);
  },
  interrupt: interrupt.signal,
  nowMs: () => performance.now(),
  sleep: (durationMs) => sleep(durationMs),
};

// A reader that has seen enough (`grainlink dirty | head`) is no error.
process.stdout.on('error', () => { process.exit(); });
process.stderr.on('error', () => undefined);

const exitCode = await runProgram(process.argv.slice(2), world);
// What still stands in a pipe goes out first; a job that was given up must not hold the process.
process.stdout.write('', () => { process.exit(exitCode); });

function outputTo(stream: NodeJS.WriteStream): TextOutput {
  return { isTty: stream.isTTY, write: (text) => { stream.write(text); } };
}
