import type { Migration } from './migration.ts';

/**
 * Numbers of published events, what a task may still publish, and queues of the outbox that wait by
 * themselves. New columns that may be empty, and a table: breaks nothing. A process of before
 * publishes without numbers meanwhile.
 */
export const publishing: Migration = {
  name: '0023-publishing',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
create table reprise.publisher (
  only_row boolean primary key default true check (only_row),
  publisher text not null default substr(replace(gen_random_uuid()::text, '-', ''), 1, 12),
  last_sequence bigint not null default 0
);
insert into reprise.publisher default values;
alter table reprise.outbox add column sequence bigint;
alter table reprise.outbox add column target_partition int;
alter table reprise.outbox add column watermark_ms double precision;
alter table reprise.outbox add column attempts int not null default 0;
alter table reprise.outbox add column error text;
alter table reprise.outbox add column failing_since timestamptz;
alter table reprise.outbox add column retry_at timestamptz;
alter table reprise.outbox add column refused boolean not null default false;
create index outbox_queue on reprise.outbox (topic, id) where not held;
create index outbox_times on reprise.outbox (topic, record_timestamp_ms) where not held;
create index outbox_numbered on reprise.outbox (topic, sequence) where sequence is not null;
create index outbox_failing on reprise.outbox (topic, id) where error is not null;
alter table reprise.tasks add column publishes_from_ms double precision;
alter table reprise.checkpoints add column sequences jsonb;`;

const comments = `
comment on table reprise.publisher is 'Names this outbox, and numbers what it publishes.';
comment on column reprise.publisher.last_sequence is 'Ascends, also when the database loses commits: at least microseconds since the epoch.';
comment on column reprise.outbox.sequence is 'Given before the first attempt to append, and kept as long as that attempt may have succeeded; travels as the header reprise-sequence.';
comment on column reprise.outbox.target_partition is 'Where it is appended, so that a repetition lands where the first attempt did.';
comment on column reprise.outbox.watermark_ms is 'What follows on its topic is of this time or later; travels as the header reprise-watermark.';
comment on column reprise.outbox.error is 'Why it could not be published; those of its key wait behind it.';
comment on column reprise.outbox.retry_at is 'When it is tried again.';
comment on column reprise.outbox.refused is 'For what it is: nothing but a change of the event, its schema or the topic can help.';
comment on column reprise.tasks.publishes_from_ms is 'Events that it publishes later are of this time or later; infinity: it publishes none until a record comes.';
comment on column reprise.checkpoints.sequences is 'By publisher, the number of its last record: one that is not above it is a repetition.';
`;
