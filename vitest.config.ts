import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const minutes = (count: number): number => count * 60_000;
const alias = { lvsctl: fileURLToPath(new URL('./src/index.ts', import.meta.url)) };

const setupFiles = ['test/support/seed.ts', 'test/support/clean.ts'];

/** The time limits end a run that hangs; none of them is a claim about speed. */
function guarded(limit: number) {
  return { testTimeout: limit, hookTimeout: limit, teardownTimeout: minutes(2) };
}

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        resolve: { alias },
        // Pure code, so the files share their modules: half of the time would go into loading them again.
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          setupFiles,
          pool: 'threads',
          isolate: false,
          ...guarded(minutes(1)),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'ssh',
          include: ['test/ssh/**/*.test.ts'],
          setupFiles,
          sequence: { groupOrder: 1 },
          ...guarded(minutes(3)),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'roles',
          include: ['test/roles/**/*.test.ts'],
          globalSetup: 'test/roles/support/global-setup.ts',
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...guarded(minutes(10)),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          // Two labs at once: guests wait for each other often enough to leave half of two processors idle.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          ...guarded(minutes(20)),
        },
      },
      {
        resolve: { alias },
        // On demand: `npm run test:kernel`.
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          globalSetup: 'test/kernel/support/global-setup.ts',
          sequence: { groupOrder: 4 },
          ...guarded(minutes(60)),
        },
      },
    ],
  },
});
