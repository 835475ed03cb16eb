import type { Migration } from './migration.ts';

/**
 * How often a dead letter was tried, and since when it lies there. Columns with defaults: breaks
 * nothing.
 */
export const attempts: Migration = {
  name: '0007-attempts',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      alter table reprise.dead_letters add column attempts int not null default 1;
      alter table reprise.dead_letters add column set_aside_at timestamptz not null default now();
      comment on column reprise.dead_letters.attempts is 'How often folding it was tried.';`);
  },
};
