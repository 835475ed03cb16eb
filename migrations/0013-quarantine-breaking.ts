import type { Migration } from './migration.ts';

/**
 * Keys whose events wait in order, dead letters that were folded later, records that end the
 * process. Breaking: an older process does not know that the journal may hold a tick twice at one
 * place, and would fold the later events of a quarantined key.
 */
export const quarantine: Migration = {
  name: '0013-quarantine-breaking',
  breaking: true,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
alter table reprise.dead_letters add column quarantine text check (quarantine in ('failed', 'waiting'));
create index on reprise.dead_letters (projection, version, partition) where quarantine is not null;
alter table reprise.journal add column record jsonb;
alter table reprise.journal add column turn int not null default 0;
alter table reprise.journal drop constraint journal_kind_check;
alter table reprise.journal add constraint journal_kind_check check (kind in ('tick', 'step', 'refusal', 'redrive', 'discard'));
alter table reprise.journal drop constraint journal_pkey;
alter table reprise.journal add primary key (seq);
create unique index journal_once on reprise.journal (projection, version, partition, kind, next_offsets, turn, coalesce(record, '{}'));
alter table reprise.tasks add column deaths int not null default 0;
alter table reprise.tasks add column trying text;
alter table reprise.tasks add column tried int not null default 0;`;

const comments = `
comment on column reprise.dead_letters.quarantine is 'failed: later records of its key wait behind it; waiting: it is one of those; null: only itself was set aside.';
comment on column reprise.journal.record is 'redrive: the dead letter that was folded here; discard: the one that was thrown away.';
comment on column reprise.journal.turn is 'How many dead letters had been folded before: tells ticks at one place apart.';
comment on column reprise.tasks.deaths is 'Processes in a row that ended while running this task, without getting past the records at fault.';
comment on column reprise.tasks.trying is 'After several deaths: the record about to be folded, written before it is decoded.';
comment on column reprise.tasks.tried is 'How many processes in a row began with that record.';
`;
