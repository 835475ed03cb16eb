import type { Migration } from './migration.ts';

/**
 * The log for those who run without Kafka. New tables: breaks nothing.
 *
 * One child table per topic, so that a topic is dropped at once instead of deleted row by row, so
 * that vacuum and size are per topic, and so that the hot statements name the child and pay for no
 * routing. The list-partitioned parent is there for people in psql.
 */
export const log: Migration = {
  name: '0002-log',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
create table reprise.log_topics (
  topic text primary key,
  topic_number int generated always as identity unique,
  topic_id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default now()
);
create table reprise.log_partitions (
  topic_number int not null references reprise.log_topics (topic_number) on delete cascade,
  partition int not null check (partition >= 0),
  start_offset bigint not null default 0,
  next_offset bigint not null default 0,
  primary key (topic_number, partition),
  check (start_offset <= next_offset)
) with (fillfactor = 50);
create table reprise.log_records (
  topic_number int not null,
  partition int not null,
  "offset" bigint not null,
  timestamp_ms double precision not null,
  key bytea,
  value bytea,
  headers bytea not null,
  primary key (topic_number, partition, "offset")
) partition by list (topic_number);`;

const comments = `
comment on table reprise.log_topics is 'Topics of the log kept in Postgres. Deleted and created again, a topic has another number and id.';
comment on table reprise.log_partitions is 'One row per partition; appenders lock it, which makes offsets gapless and in commit order.';
comment on column reprise.log_partitions.start_offset is 'First offset still there.';
comment on column reprise.log_partitions.next_offset is 'Offset of the next record: one past the last one.';
comment on table reprise.log_records is 'The records, immutable; one child table log_records_<topic_number> per topic.';
comment on column reprise.log_records.timestamp_ms is 'Milliseconds since 1970, as the producer said.';
comment on column reprise.log_records.value is 'Null: a tombstone.';
comment on column reprise.log_records.headers is 'Varint count, then headers, encoded as in Kafka''s record batch v2.';
`;
