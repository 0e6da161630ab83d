/** One line of a report. `target` is the least ratio that the project promises; absent where a figure is only printed. */
export interface Line {
  readonly what: string;
  readonly value: string;
  readonly ratio?: number;
  readonly target?: number;
  /** For limits that must not be exceeded, in the unit of `value`. */
  readonly met?: boolean;
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** Whether a line meets what is promised; undefined when nothing is. */
export function isMet({ ratio, target, met }: Line): boolean | undefined {
  return target === undefined || ratio === undefined ? met : ratio >= target;
}

export function text({ title, lines }: Section): string {
  const width = Math.max(...lines.map(({ what }) => what.length));
  const rows = lines.map((line) => {
    const { what, value, ratio, target } = line;
    const compared = ratio === undefined ? '' : `   ratio ${ratio.toFixed(2)}${target === undefined ? '' : ` (target ${String(target)})`}`;
    const verdict = isMet(line) === false ? '   MISSED' : '';
    return `  ${what.padEnd(width)}  ${value}${compared}${verdict}`;
  });
  return [title, ...rows, ''].join('\n');
}

export function megabytesASecond(bytes: number, seconds: number): string {
  return `${(bytes / seconds / 1e6).toFixed(0)} MB/s`;
}
