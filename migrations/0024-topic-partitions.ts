import type { Migration } from './migration.ts';

/**
 * How many partitions each topic had when it was first read: a topic that has gained some since
 * holds events of one key in two partitions. Of topics that are read already the smallest count is
 * taken that a version was built on.
 */
export const topicPartitions: Migration = {
  name: '0024-topic-partitions',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
create table reprise.topic_partitions (
  topic text not null,
  topic_id text not null,
  partitions int not null,
  primary key (topic, topic_id)
);
insert into reprise.topic_partitions (topic, topic_id, partitions)
  select c.topic, c.topic_id, min(t.tasks)
  from reprise.checkpoints c
  join (select projection, version, count(*)::int as tasks from reprise.tasks group by projection, version) t
    using (projection, version)
  group by c.topic, c.topic_id;`;

const comments = `
comment on table reprise.topic_partitions is 'Topics as they were first read: one that has more partitions now has gained them, and keys have moved.';
comment on column reprise.topic_partitions.partitions is 'How many it had when it was first read, or when the first record was not yet written.';`;
