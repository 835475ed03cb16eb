import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { cloneTemplate, createEmptyDatabase } from './postgres.ts';

export interface TestDatabase {
  readonly url: string;
  /** Also ends whatever is still connected. */
  drop(): Promise<void>;
}

/**
 * A migrated database for each test or for the whole file (or suite), dropped after all else. Call
 * it before the hooks that need it; its url is there from then on.
 */
export function useDatabase(each: 'test' | 'file'): Pick<TestDatabase, 'url'> {
  let database: TestDatabase | undefined;
  const create = async () => {
    database = await createTestDatabase();
  };
  const drop = () => database?.drop();
  if (each === 'test') {
    beforeEach(create);
    afterEach(drop);
  } else {
    beforeAll(create);
    afterAll(drop);
  }
  return {
    get url() {
      if (database === undefined) throw new Error('a database is there while tests run');
      return database.url;
    },
  };
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
