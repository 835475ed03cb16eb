import type { Migration } from './migration.ts';

/**
 * What projections, their versions and tasks are and how far they have come. First tables: breaks
 * nothing.
 */
export const projections: Migration = {
  name: '0001-projections',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
create table reprise.projections (
  projection text primary key,
  active_version int
);
create table reprise.projection_versions (
  projection text not null,
  version int not null,
  fingerprint text not null,
  plan jsonb not null,
  state text not null check (state in ('building', 'ready', 'active')),
  created_at timestamptz default now(),
  primary key (projection, version)
);
create table reprise.tasks (
  projection text not null,
  version int not null,
  partition int not null,
  epoch bigint not null default 0,
  owner text,
  lease_until timestamptz,
  state text not null default 'idle' check (state in ('idle', 'running', 'paused', 'halted')),
  error text,
  primary key (projection, version, partition)
);
create table reprise.checkpoints (
  projection text not null,
  version int not null,
  partition int not null,
  topic text not null,
  topic_id text not null,
  next_offset bigint not null,
  last_offset bigint,
  last_leader_epoch int,
  last_record_hash bigint,
  max_event_time_ms double precision,
  primary key (projection, version, partition, topic)
);
create table reprise.dead_letters (
  projection text not null,
  version int not null,
  topic text not null,
  partition int not null,
  "offset" bigint not null,
  reason text not null,
  message text not null,
  record_timestamp timestamptz,
  key bytea,
  value bytea,
  headers jsonb,
  primary key (projection, version, topic, partition, "offset")
);`;

const comments = `
comment on table reprise.projections is 'One row per projection: which version stands behind its stable view.';
comment on column reprise.projections.active_version is 'Null until a version has been activated.';
comment on table reprise.projection_versions is 'Every version of a projection that has tables.';
comment on column reprise.projection_versions.fingerprint is 'Of the definition: the same version with another fingerprint is refused.';
comment on column reprise.projection_versions.plan is 'Columns, key and tables as compiled from the class.';
comment on column reprise.projection_versions.state is 'building: being replayed; ready: may be activated; active: behind the stable view.';
comment on table reprise.tasks is 'A task is one partition of one projection version: who folds it, and what became of it.';
comment on column reprise.tasks.epoch is 'Raised at every change of owner; a commit with an older epoch is refused.';
comment on column reprise.tasks.owner is 'host/process/instance that folds it; null: nobody.';
comment on column reprise.tasks.lease_until is 'After this another instance may take the task.';
comment on column reprise.tasks.state is 'paused: infrastructure is away, retrying; halted: an error that somebody must look at.';
comment on column reprise.tasks.error is 'Why it is paused or halted: CODE: message.';
comment on table reprise.checkpoints is 'How far a task has come in a topic; committed together with the rows it wrote.';
comment on column reprise.checkpoints.topic_id is 'Of the topic that was read: a topic of the same name with another id is another log.';
comment on column reprise.checkpoints.next_offset is 'Where to resume.';
comment on column reprise.checkpoints.last_offset is 'Last record applied; null before the first.';
comment on column reprise.checkpoints.last_leader_epoch is 'Leader epoch of the last record, to notice a truncated log.';
comment on column reprise.checkpoints.last_record_hash is 'Hash of the last record, to notice a log that was written anew.';
comment on column reprise.checkpoints.max_event_time_ms is 'Highest event time seen, milliseconds since 1970: the watermark comes from it.';
comment on table reprise.dead_letters is 'Records that a projection could not apply and passed over on purpose.';
comment on column reprise.dead_letters.reason is 'Error code.';
comment on column reprise.dead_letters.message is 'What happened and what to do.';
comment on column reprise.dead_letters.value is 'The record as it lay in the log; null: a tombstone.';
`;
