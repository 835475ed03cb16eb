import type { TestProject } from 'vitest/node';
import { startTestPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Url of the run's Postgres, as superuser, on the database `postgres`. */
    postgresUrl: string;
  }
}

/**
 * vitest's global set-up: one Postgres for the whole run, with the migrated template that
 * `createTestDatabase` clones.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres();
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}
