import type { Pool } from 'pg';
import type { SchemaRegistry } from '../schema-registry.ts';
import { createPostgresStore } from './postgres-store.ts';

/**
 * Creates the schema registry stored in Postgres: one global id per schema, versions from 1 per
 * subject, texts verbatim. It refuses schemas that break the level of their subject (global default
 * BACKWARD_TRANSITIVE). The caller owns the pool.
 */
export function createPostgresRegistry({ pool }: { readonly pool: Pool }): SchemaRegistry {
  const store = createPostgresStore({ pool });
  return {
    kind: 'postgres',
    register: (subject, schemaText, references) =>
      store.register(subject, { schemaText, ...(references === undefined ? {} : { references }) }),
    schemaById: (id) => store.selfContainedText(id),
    latest: (subject) => store.version(subject, 'latest', 'live'),
    subjects: () => store.subjects('live'),
    versions: (subject) => store.versions(subject, 'live'),
    compatibility: async (subject) =>
      (await store.levels.own(subject)) ?? (await store.levels.own(null)) ?? 'BACKWARD_TRANSITIVE',
    setCompatibility: (subject, level) => store.levels.set(subject, level),
    close: async () => undefined,
  };
}
