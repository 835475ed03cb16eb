import type { Migration } from './migration.ts';

/**
 * The order in which a task met its dead letters: letters of a key are folded again in that order.
 * Timestamps of records do not tell it, producers write them as they like. And whether its task
 * folds a letter again by itself. Columns with defaults: breaks nothing.
 */
export const letterOrder: Migration = {
  name: '0026-letter-order',
  breaking: false,
  async up(knex) {
    await knex.raw(order);
  },
};

const order = `
create sequence reprise.dead_letters_seq;
alter table reprise.dead_letters add column seq bigint;
update reprise.dead_letters d set seq = o.n
from (
  select projection, version, topic, partition, "offset",
    row_number() over (order by projection, version, partition, set_aside_at, latest, topic, "offset") as n
  from (
    select *, max(record_timestamp) over (
      partition by projection, version, partition, set_aside_at, topic order by "offset") as latest
    from reprise.dead_letters
  ) l
) o
where (d.projection, d.version, d.topic, d.partition, d."offset") = (o.projection, o.version, o.topic, o.partition, o."offset");
select setval('reprise.dead_letters_seq', coalesce((select max(seq) from reprise.dead_letters), 0) + 1, false);
alter table reprise.dead_letters alter column seq set default nextval('reprise.dead_letters_seq');
alter table reprise.dead_letters alter column seq set not null;
alter sequence reprise.dead_letters_seq owned by reprise.dead_letters.seq;
alter table reprise.dead_letters add column is_retried boolean not null default false;
comment on column reprise.dead_letters.is_retried is 'A policy with retries: its task folds it again by itself, or gives it up.';
comment on column reprise.dead_letters.seq is 'The order in which the task set its records aside: the order in which those of a key are folded again.';
`;
