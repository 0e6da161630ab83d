import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests of sockets, files and processes wait more than they compute: two files at once also on one core.
    maxWorkers: 2,
    // Nothing is timed by tests: who waits this long hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
