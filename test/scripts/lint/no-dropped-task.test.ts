import { RuleTester } from 'eslint';
import { parser } from 'typescript-eslint';
import { describe, it } from 'vitest';
import { noDroppedTask } from '../../../scripts/lint/no-dropped-task.mjs';

RuleTester.describe = describe;
RuleTester.it = it;

const ruleTester = new RuleTester({
  languageOptions: {
    parser,
    parserOptions: { projectService: { allowDefaultProject: ['*.ts'] }, tsconfigRootDir: import.meta.dirname },
  },
});

const PRELUDE = `
declare function flush(): Generator<unknown, void, void>;
declare function maybe(): Generator<unknown, void, void> | undefined;
declare function spawn(task: Generator<unknown, void, void>): void;
declare function onEnd(run: () => void): void;
declare const wanted: boolean;
`;

interface Case {
  readonly name: string;
  readonly code: string;
  readonly filename: string;
}

const code = (line: string): Case => ({ name: line, code: `${PRELUDE}${line}`, filename: 'card.ts' });

ruleTester.run('no-dropped-task', noDroppedTask, {
  valid: [
    code('function* task() { yield* flush(); }'),
    code('spawn(flush());'),
    code('const later = flush(); spawn(later);'),
    code('let later; later = flush(); spawn(later);'),
    code('onEnd(() => { spawn(flush()); });'),
    code('const make = () => flush(); spawn(make());'),
    code('function make() { return flush(); } spawn(make());'),
    code('onEnd(() => spawn(flush()));'),
  ],
  invalid: [
    { ...code('function* task() { flush(); yield 1; }'), errors: [{ messageId: 'statement' }] },
    { ...code('void flush();'), errors: [{ messageId: 'statement' }] },
    { ...code('wanted && flush();'), errors: [{ messageId: 'statement' }] },
    { ...code('wanted ? flush() : 0;'), errors: [{ messageId: 'statement' }] },
    { ...code('maybe();'), errors: [{ messageId: 'statement' }] },
    { ...code('class Card { *boot() { yield 1; } start() { this.boot(); } }'), errors: [{ messageId: 'statement' }] },
    { ...code('onEnd(() => flush());'), errors: [{ messageId: 'callback' }] },
    { ...code('onEnd(function* () { yield* flush(); });'), errors: [{ messageId: 'callback' }] },
  ],
});
