import type { Migration } from './migration.ts';

/**
 * Which registry this is, so that a log can say by whose ids its records were written. A new table:
 * breaks nothing.
 */
export const registryIdentity: Migration = {
  name: '0025-registry-identity',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      create table reprise.registry_identity (
        only_row boolean primary key default true check (only_row),
        id uuid not null default gen_random_uuid()
      );
      comment on table reprise.registry_identity is 'Names the registry kept here. Topics on Kafka are bound to it: their records hold its ids.';
      comment on column reprise.registry_identity.id is 'Made at first use; moves along with reprise registry export and import.';`);
  },
};
