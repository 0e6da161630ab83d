import type { Trace } from '../../firmware/hal.js';

/** Tells what the card tells, a line an event. Line breaks inside a detail are escaped: one event, one line. */
export function consoleTrace(writeLine: (line: string) => void): Trace {
  return {
    event(name: string, detail: string): void {
      writeLine(`${name}: ${detail.replaceAll('\n', '\\n')}`);
    },
  };
}
