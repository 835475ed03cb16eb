import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const alias = [
  { find: /^reprise\/testing\/contracts$/, replacement: path('./src/testing/contracts/index.ts') },
  { find: /^reprise\/testing$/, replacement: path('./src/testing/index.ts') },
  { find: /^reprise$/, replacement: path('./src/index.ts') },
];

/**
 * On a machine that is busy a wait may run out: such a test is tried once more, and CI names it. A
 * result that is wrong is never tried again.
 */
const retry = {
  count: 1,
  condition: /timed out|no answer within|did not .* (with)?in (time|\d)/i,
};

/**
 * `unit` and `architecture` are pure and fast; `real` shares one Postgres and one Kafka for the
 * whole run, a database or topic per file; `package` builds, packs and installs the tarball once;
 * `docs` runs the snippets of the docs. The three groups run one after another, so that none disturbs another's timing.
 */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          maxWorkers: 2,
          // Pure tests share nothing that one could spoil for another; loading the house anew for
          // each file took longer than the tests.
          isolate: false,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'architecture',
          include: ['test/architecture/**/*.test.ts'],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'real',
          include: ['test/{contract,integration,faults}/**/*.test.ts'],
          globalSetup: ['test/support/postgres-setup.ts', 'test/support/kafka-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          retry,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: ['test/support/package-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          retry,
          sequence: { groupOrder: 2 },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'docs',
          include: ['test/docs/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          retry,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
