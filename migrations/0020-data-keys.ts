import type { Migration } from './migration.ts';

/**
 * Keys of personal data, one for each subject at a time. A table that older processes do not know:
 * breaks nothing.
 */
export const dataKeys: Migration = {
  name: '0020-data-keys',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      create table reprise.data_keys (
        key_id text primary key,
        subject text not null,
        wrapped bytea,
        wrapping_key text not null,
        created_at timestamptz not null default clock_timestamp(),
        forgotten_at timestamptz,
        forgotten_by text,
        check ((wrapped is null) = (forgotten_at is not null)),
        check ((forgotten_by is null) = (forgotten_at is null))
      );
      create unique index data_keys_subject on reprise.data_keys (subject) where forgotten_at is null;
      create index data_keys_subjects on reprise.data_keys (subject);
      comment on table reprise.data_keys is 'Keys that encrypt the pii fields of events, wrapped by the key provider; rows of destroyed keys stay, for the audit.';
      comment on column reprise.data_keys.wrapped is 'Null: destroyed by reprise forget; what it encrypted reads as [redacted].';`);
  },
};
