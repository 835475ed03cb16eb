import type { Migration } from './migration.ts';

/**
 * References, soft deletion and modes. New columns and a table, and a rule loosened: breaks
 * nothing. A process of the version before takes a version that is deleted softly for one that is
 * not, as it knows no better.
 */
export const registryHistory: Migration = {
  name: '0018-registry-history',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      alter table reprise.registry_schemas add column schema_references jsonb not null default '[]';
      alter table reprise.registry_schemas add column normal_sha256 bytea;
      create index registry_schemas_normal on reprise.registry_schemas (normal_sha256);
      alter table reprise.registry_versions add column deleted_at timestamptz;
      alter table reprise.registry_versions drop constraint registry_versions_subject_id_key;
      create unique index registry_versions_live on reprise.registry_versions (subject, id) where deleted_at is null;
      create index registry_versions_id on reprise.registry_versions (id);
      create table reprise.registry_modes (
        subject text primary key,
        mode text not null check (mode in ('READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'))
      );
      comment on column reprise.registry_schemas.schema_sha256 is 'Of the UTF-8 text, and of the references where there are any.';
      comment on column reprise.registry_schemas.schema_references is 'List of {name, subject, version, id}: versions that define the names which the text does not.';
      comment on column reprise.registry_schemas.normal_sha256 is 'Of the spelling that equal schemas share, and of the references; null where a process of the version before wrote the row.';
      comment on column reprise.registry_versions.deleted_at is 'Set: deleted softly; its id still decodes.';
      comment on table reprise.registry_modes is 'Mode per subject; the row with the empty subject is the global one, which is READWRITE without a row.';`);
  },
};
