import { type Status, StatusSchema } from '../gen/grainlink/common/v1/common_pb.js';
import { statusName, statusSentence } from './sentences.js';

const BANNER = 'Generated from protos/grainlink/common/v1/common.proto and protos/status/sentences.ts by `npm run generate`. Do not edit.';

/** docs/errors.md: each code with its name and its sentence. */
export function emitErrorsPage(): string {
  const rows = StatusSchema.values.map(({ number }) => {
    const status = number as Status; // The numbers of the enumeration's own descriptor.
    return `| ${String(number)} | \`${statusName(status)}\` | ${statusSentence(status)} |`;
  });
  return [
    `<!-- ${BANNER} -->`,
    '',
    '# Status codes',
    '',
    'How a command, a frame or a boot ended. A code is never reused. Verbs in backquotes are those of the `grainlink` program.',
    '',
    '| code | name | what happened, and what to do |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
