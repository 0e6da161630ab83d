// The rules of the house that a compiler cannot hold: docs in CONTRIBUTING.md, layers in .dependency-cruiser.cjs.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { noDroppedTask } from './scripts/lint/no-dropped-task.mjs';

/** What would let a clock, randomness, a locale or another thread into code that a seed must decide entirely. */
const IMPURE_GLOBALS = [
  'Atomics', 'Buffer', 'Date', 'FinalizationRegistry', 'Intl', 'Promise', 'SharedArrayBuffer', 'WeakRef',
  'clearImmediate', 'clearInterval', 'clearTimeout', 'console', 'crypto', 'fetch', 'global', 'globalThis',
  'performance', 'process', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout',
].map((name) => ({ name, message: 'Firmware and protos are pure: go through the hal.' }));

const IMPURE_SYNTAX = [
  { selector: ':function[async=true]', message: 'No async: write a task (`function*`) and run it with `yield*`.' },
  { selector: 'TSTypeReference > Identifier[name=/^(Async\\w+|Date|Promise|PromiseLike)$/]', message: 'Firmware and protos are pure: not even the type.' },
  { selector: 'AwaitExpression, ForOfStatement[await=true]', message: 'No await: use `yield*`.' },
  { selector: 'ImportExpression', message: 'No dynamic import: what is flashed onto the card is fixed.' },
  { selector: 'ImportDeclaration[source.value=/^node:/]', message: 'No Node here: go through the hal.' },
];

/**
 * What V8 puts where only a major collection frees it, with all that it holds: found as a third of the simulator's
 * time. Each is taken for something that is made once, as a method is.
 */
const LONG_LIVED_SYNTAX = [
  { selector: 'AssignmentExpression[left.type="MemberExpression"][right.type=/FunctionExpression$/]', message: 'V8 lets it live until a major collection: hand it over as an argument, or name it before.' },
  { selector: ':not(MethodDefinition, Property) > FunctionExpression[generator=true]', message: 'Each has a prototype of its own, which lives until a major collection: write a generator function outside.' },
  { selector: 'ObjectExpression > Property[kind=/^[gs]et$/]', message: 'Each such object has a shape of its own, which lives until a major collection: write a class.' },
];

const IMPURE_PROPERTIES = [
  { object: 'Math', property: 'random', message: 'Take randomness from hal.entropy.' },
  ...['toLocaleString', 'localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase'].map((property) => ({
    property, message: 'A locale of the machine must not decide anything.',
  })),
];

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'protos/gen/', 'protos/registers/generated/', '**/*.d.mts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['vitest.config.ts'] }, tsconfigRootDir: import.meta.dirname } },
    plugins: { grainlink: { rules: { 'no-dropped-task': noDroppedTask } } },
    rules: {
      'grainlink/no-dropped-task': 'error',
      eqeqeq: 'error',
      // A task that needs no wait today is still a task.
      'require-yield': 'off',
      // `Pending<void>` is what an operation without a result is.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A peer of a later version may send codes that this one has no name for; they are kept as they came.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // An iterator over a typed array takes several times as long as an index.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['firmware/**/*.ts', 'protos/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-properties': ['error', ...IMPURE_PROPERTIES],
      'no-restricted-syntax': ['error', ...IMPURE_SYNTAX],
    },
  },
  {
    files: ['firmware/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...IMPURE_SYNTAX, ...LONG_LIVED_SYNTAX] },
  },
  {
    files: ['emulator/simulation/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...LONG_LIVED_SYNTAX] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Asymmetric matchers (`expect.objectContaining`) have the type any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // Benches are made of closures, and are taken apart at the top of a test.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', module: 'writable' } },
  },
);
