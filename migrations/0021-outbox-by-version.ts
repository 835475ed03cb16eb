import type { Migration } from './migration.ts';

/**
 * Finds the unpublished events of one version without reading those of all others: a probe counts
 * them every few seconds. An index: breaks nothing.
 */
export const outboxByVersion: Migration = {
  name: '0021-outbox-by-version',
  breaking: false,
  async up(knex) {
    await knex.raw('create index on reprise.outbox (projection, version, held)');
  },
};
