import { defineConfig } from 'vitest/config';

/** Tests that carry whole plans or trainings and kill what they need: apart from the others, two files at a time. */
const SYSTEM = ['test/e2e/**/*.test.ts', 'test/activities/gpu/straight-against-killed.test.ts'];

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
          maxWorkers: 2,
          // Deadlines only end what would never end; a busy machine is slow, not wrong.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'system',
          pool: 'forks',
          include: SYSTEM,
          // Each has processes, ports and a home of its own, and mostly waits.
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
