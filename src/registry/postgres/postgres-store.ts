import type { Pool } from 'pg';
import { inlineReferences } from '../../avro/schema/inline-references.ts';
import type { RegistryStore } from '../registry-store.ts';
import { checkSchema, findSchema } from './check-schema.ts';
import { deleteSubject, deleteVersion } from './delete-version.ts';
import { guarded } from './guarded.ts';
import { readReferrers, readSchema, readSubjects, readUses, readVersion } from './read-version.ts';
import { referencedTexts } from './referenced-texts.ts';
import { registerSchema } from './register-schema.ts';
import { requireSubject } from './require-subject.ts';
import { settingsOf } from './settings-of.ts';
import { referencesOf, storedVersion, versionRows } from './version-rows.ts';

/**
 * Creates the registry's store in Postgres tables: texts verbatim, one global id per schema (equal
 * schemas in different spellings are one), versions from 1 per subject. The caller owns the pool.
 */
export function createPostgresStore({ pool }: { readonly pool: Pool }): RegistryStore {
  const reading = <Result>(what: string, work: () => Promise<Result>) =>
    guarded(`reading ${what}`, work);
  return {
    subjects: (scope, prefix) => reading('the subjects', () => readSubjects(pool, scope, prefix)),
    versions: (subject, scope) =>
      reading(subject, async () => (await versionRows(pool, subject, scope)).map(storedVersion)),
    version: (subject, version, scope) =>
      reading(subject, () => readVersion(pool, subject, version, scope)),
    referencedBy: (version) => reading('references', () => readReferrers(pool, version, 'live')),
    schema: (id) =>
      reading(`schema ${id}`, async () => {
        const row = await readSchema(pool, id);
        return { id, schemaText: row.schema_text, ...referencesOf(row) };
      }),
    selfContainedText: (id) =>
      reading(`schema ${id}`, async () => {
        const row = await readSchema(pool, id);
        return inlineReferences(
          row.schema_text,
          await referencedTexts(pool, row.schema_references),
        );
      }),
    usesOf: (id, scope) => reading(`schema ${id}`, () => readUses(pool, id, scope)),
    register: (subject, registration) =>
      guarded(`registering a schema of ${subject}`, async () => {
        requireSubject(subject);
        return registerSchema(pool, subject, registration);
      }),
    find: (subject, draft, scope) =>
      reading(subject, () => findSchema(pool, subject, draft, scope)),
    check: (subject, draft, against) =>
      guarded(`checking a schema of ${subject}`, () => checkSchema(pool, subject, draft, against)),
    deleteSubject: (subject, permanent) =>
      guarded(`deleting ${subject}`, () => deleteSubject(pool, subject, permanent)),
    deleteVersion: (subject, version, permanent) =>
      guarded(`deleting ${subject}`, () => deleteVersion(pool, subject, version, permanent)),
    ...settingsOf(pool),
  };
}
