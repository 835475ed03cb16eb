import type { Migration } from './migration.ts';

/**
 * Who builds a version, and up to when. Columns, and one more state that older processes take for
 * one that is not built: breaks nothing.
 */
export const rebuildLease: Migration = {
  name: '0015-rebuild-lease',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      alter table reprise.projection_versions add column builder text;
      alter table reprise.projection_versions add column as_of timestamptz;
      alter table reprise.projection_versions drop constraint projection_versions_state_check;
      alter table reprise.projection_versions add constraint projection_versions_state_check
        check (state in ('building', 'ready', 'active', 'frozen'));
      comment on column reprise.projection_versions.builder is 'The instance that rebuilds it, as long as that one lives.';
      comment on column reprise.projection_versions.as_of is 'Built with the records before this time only (state frozen): not run, and not to be activated.';`);
  },
};
