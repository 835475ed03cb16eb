import type { Migration } from './migration.ts';

/**
 * What caused an event to publish, and what the version that was replaced has answered for (ADR
 * 0037). New tables and columns that may be null: breaks nothing; events that older processes put
 * in the outbox are judged by the ends of their flushes, as those processes do.
 */
export const causes: Migration = {
  name: '0022-causes',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
alter table reprise.outbox add column cause_records jsonb;
alter table reprise.outbox add column due_ms double precision;
alter table reprise.outbox alter column next_offsets drop not null;
create index on reprise.outbox (projection, version, partition) where held;
create table reprise.covered_time (
  projection text not null,
  version int not null,
  partition int not null,
  until_ms double precision,
  passed_ms double precision,
  primary key (projection, version, partition)
);
create table reprise.covered_offsets (
  projection text not null,
  version int not null,
  partition int not null,
  topic text not null,
  topic_id text not null,
  next_offset bigint not null,
  primary key (projection, version, partition, topic)
);
create table reprise.uncovered_records (
  projection text not null,
  version int not null,
  partition int not null,
  topic text not null,
  "offset" bigint not null,
  primary key (projection, version, partition, topic, "offset")
);`;

const comments = `
comment on column reprise.outbox.cause_records is 'Records (topic, offset) without which the event would not be; null: written by an older process.';
comment on column reprise.outbox.due_ms is 'The watermark that had to be reached, milliseconds since 1970; null: records alone caused it.';
comment on column reprise.outbox.next_offsets is 'Where the task stood after the flush, by topic; only of older processes.';
comment on column reprise.outbox.held is 'Written by a version that is not active; published if it becomes active before the active one has come to its cause.';
comment on table reprise.covered_time is 'Event time that a version need not publish for: those it replaced have.';
comment on column reprise.covered_time.until_ms is 'Watermark that they reached.';
comment on column reprise.covered_time.passed_ms is 'Event time that they saw or let pass, lateness not subtracted: the version goes on from there.';
comment on table reprise.covered_offsets is 'Records that a version need not publish for: those it replaced have folded them, but for uncovered_records.';
comment on column reprise.covered_offsets.next_offset is 'Up to there.';
comment on table reprise.uncovered_records is 'Records before reprise.covered_offsets that were set aside: what a version makes of them is published.';
`;
