import type { Migration } from './migration.ts';

/** Which version a rollback goes back to. A column that may be null: breaks nothing. */
export const previousVersion: Migration = {
  name: '0006-previous-version',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      alter table reprise.projections add column previous_version int;
      comment on column reprise.projections.previous_version is 'Active before the last switch; null once it is retired.';`);
  },
};
