import { defineConfig } from 'vitest/config';

/** Tests that carry whole plans; they measure and kill, so they run alone and after the others. */
const SYSTEM = ['test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Temporal's native module does not survive several threads of one process.
          pool: 'forks',
          include: ['test/**/*.test.ts'],
          exclude: SYSTEM,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'system',
          pool: 'forks',
          include: SYSTEM,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
