import type { Migration } from './migration.ts';

/** Who runs, and which projections rest. A new table, and columns with defaults: breaks nothing. */
export const instances: Migration = {
  name: '0010-instances',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
create table reprise.instances (
  instance text primary key,
  started_at timestamptz not null,
  beat_at timestamptz not null,
  lease_until timestamptz not null,
  backend_pid int not null,
  backend_start timestamptz,
  runs jsonb not null,
  stop_requested boolean not null default false
);
alter table reprise.projections add column paused boolean not null default false;
alter table reprise.projections add column partitions_grew boolean not null default false;`;

const comments = `
comment on table reprise.instances is 'Running processes; each beats several times per lease.';
comment on column reprise.instances.instance is 'host/process/instance, as in reprise.tasks.owner.';
comment on column reprise.instances.lease_until is 'After this its tasks may be taken by others, by the clock of this database.';
comment on column reprise.instances.backend_pid is 'Of the session that beats: when it has ended and the beat is late, the instance is gone before its lease is.';
comment on column reprise.instances.runs is 'Projection versions it may run, with the partitions it is confined to, or null for all.';
comment on column reprise.instances.stop_requested is 'reprise stop asked it to end.';
comment on column reprise.projections.paused is 'No task of it is run until reprise resume.';
comment on column reprise.projections.partitions_grew is 'Its topics gained partitions: keys have moved, so views that can merge do.';
comment on column reprise.tasks.lease_until is 'Since when nobody owns it; the lease itself is the owner''s, in reprise.instances.';
`;
