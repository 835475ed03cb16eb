import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { cloneTemplate, createEmptyDatabase } from './postgres.ts';

export interface TestDatabase {
  readonly url: string;
  /** Also ends whatever is still connected. */
  drop(): Promise<void>;
}

/** A migrated database of this file's own, cloned from the run's template. */
export function createTestDatabase(): Promise<TestDatabase> {
  return cloneTemplate(inject('postgresUrl'), uniqueName());
}

/** A database without anything in it, for tests of the migrations. */
export function createUnmigratedDatabase(): Promise<TestDatabase> {
  return createEmptyDatabase(inject('postgresUrl'), uniqueName());
}

function uniqueName(): string {
  return `reprise_test_${process.pid}_${randomBytes(6).toString('hex')}`;
}
