import type { Migration } from './migration.ts';

/**
 * What time did on quiet partitions, events that came too late, and events to publish. New tables,
 * and columns with defaults: breaks nothing.
 */
export const journal: Migration = {
  name: '0004-journal',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
alter table reprise.tasks add column watermark_ms double precision;
alter table reprise.tasks add column flushes bigint not null default 0;
create table reprise.journal (
  projection text not null,
  version int not null,
  partition int not null,
  kind text not null check (kind in ('tick', 'step', 'refusal')),
  next_offsets jsonb not null,
  quiet_ms bigint,
  seq bigint generated always as identity,
  primary key (projection, version, partition, kind, next_offsets)
);
create table reprise.late_events (
  id bigint generated always as identity primary key,
  projection text not null,
  version int not null,
  topic text not null,
  partition int not null,
  "offset" bigint not null,
  event_time timestamptz,
  watermark timestamptz,
  window_start timestamptz,
  window_end timestamptz,
  key text[],
  payload bytea
);
create index on reprise.late_events (projection, version, topic, partition, "offset");
create table reprise.outbox (
  id bigint generated always as identity primary key,
  projection text not null,
  version int not null,
  partition int not null,
  event_id text not null,
  event text not null,
  topic text not null,
  schema_text text,
  key bytea,
  value bytea not null,
  record_timestamp_ms double precision not null,
  next_offsets jsonb not null,
  held boolean not null
);
create index on reprise.outbox (id) where not held;`;

const comments = `
comment on column reprise.tasks.watermark_ms is 'Event time up to which the task considers the log complete; moved by events and ticks, never back.';
comment on column reprise.tasks.flushes is 'Counts commits, so that one whose answer was lost is recognised.';
comment on table reprise.journal is 'Decisions that a replay must repeat at the same offsets.';
comment on column reprise.journal.kind is 'tick: the partition had been quiet for quiet_ms; step: records of several topics up to here were merged before those beyond; refusal: the record at this offset was too far ahead of its owner''s clock.';
comment on column reprise.journal.next_offsets is 'Where the task stood, by topic; refusal: topic and offset of the record.';
comment on table reprise.late_events is 'Events that came after their window or session was closed, or too late for a pattern; never dropped.';
comment on column reprise.late_events.watermark is 'What they were too late for.';
comment on column reprise.late_events.payload is 'The record''s value as it lies in the log.';
comment on table reprise.outbox is 'Events to publish, written in the transaction of the rows they follow from; the relay deletes what the log has acknowledged.';
comment on column reprise.outbox.event_id is 'Deterministic; travels as the header reprise-id, so that consumers can drop repeats.';
comment on column reprise.outbox.value is 'Encoded; the schema id in the header is put in by the relay.';
comment on column reprise.outbox.next_offsets is 'Where the task stood after the flush, by topic.';
comment on column reprise.outbox.held is 'Written by a version that is not active; published only if it becomes active before the old one got there.';
`;
