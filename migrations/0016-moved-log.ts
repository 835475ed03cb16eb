import type { Migration } from './migration.ts';

/**
 * Topics that have moved to another log take no more records: a constraint, so that a publisher of
 * any version is refused instead of writing where nobody reads. Columns that may be null: breaks
 * nothing.
 */
export const movedLog: Migration = {
  name: '0016-moved-log',
  breaking: false,
  async up(knex) {
    await knex.raw(`
      alter table reprise.log_topics add column moved_to text;
      alter table reprise.log_partitions add column sealed_at bigint;
      alter table reprise.log_partitions add constraint log_partition_is_sealed
        check (sealed_at is null or next_offset <= sealed_at);
      comment on column reprise.log_topics.moved_to is 'The log that has it now (the id of a Kafka cluster); null: this one.';
      comment on column reprise.log_partitions.sealed_at is 'Where it ended when it moved to another log; null: it takes records.';`);
  },
};
