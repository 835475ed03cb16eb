import type { Migration } from './migration.ts';

/**
 * `countDistinct` over several partitions in about a millisecond: sketches keep a bitmap per rank,
 * so the greatest rank of each register is a bitwise OR, which Postgres does natively. Sketches
 * stored before have another form: reading one through a merging view fails until its projection is
 * rebuilt.
 */
export const mergeDistinct: Migration = {
  name: '0028-merge-distinct',
  breaking: false,
  async up(knex) {
    await knex.raw(distinct);
  },
};

const distinct = `
create or replace function reprise.distinct_count(states text[], exact_up_to bigint) returns bigint
language plpgsql immutable strict parallel safe as $$
declare
  listed bigint;
  total float8;
  empty bigint;
  raw float8;
begin
  if not exists (select from unnest(states) state where state not like '[%') then
    select count(distinct value::text collate "C") into listed from reprise.distinct_listed(states) value;
    if listed <= exact_up_to then return listed; end if;
  end if;
  with sketched as materialized (
    select rank, bit_or(('x' || encode(decode(registers, 'base64'), 'hex'))::bit(4096)) as bits
    from unnest(states) state,
      json_array_elements_text(case when state like '{%' then state::json -> 'hll' else '[]' end)
        with ordinality as reached(registers, rank)
    group by rank
  ), hashed as (
    select (hash >> 41)::int as register,
      max(42 - length(ltrim((hash & 2199023255551)::bit(64)::text, '0'))) as rank
    from reprise.distinct_listed(states) value, lateral (select reprise.hash53(value) as hash) hashed
    group by register
  ), counted as (
    select rank, sum(n) as n from (
      select rank, bit_count(bits) as n from sketched
      union all
      select reached, count(*) from hashed, generate_series(1, hashed.rank) reached
        left join sketched on sketched.rank = reached
      where coalesce(get_bit(bits, register), 0) = 0
      group by reached
    ) parts group by rank
  ), ranks as (
    select rank, n - coalesce(lead(n) over (order by rank), 0) as n from counted
    union all
    select 0, 4096 - max(n) from counted
  )
  select sum(n::float8 / power(2::float8, rank) order by rank), sum(n) filter (where rank = 0)
  into total, empty from ranks;
  raw := ${(0.7213 / (1 + 1.079 / 4096)) * 4096 * 4096}::float8 / total;
  if raw <= 10240 and empty > 0 then
    raw := 4096 * ln(4096 / empty::float8);
  end if;
  return floor(raw + 0.5)::bigint;
end
$$`;
