import type { Migration } from './migration.ts';

/**
 * Functions that views call to merge the rows of several partitions, each the same to the bit as
 * the fold's own merge. New functions only: breaks nothing. Who may read a view must be able to
 * call what it calls by name, hence the usage of the schema; its tables stay closed.
 */
export const mergeFunctions: Migration = {
  name: '0005-merge-functions',
  breaking: false,
  async up(knex) {
    for (const statements of [numbers, distinct, top, sketches, others, comments]) {
      await knex.raw(statements);
    }
  },
};

/** From here on a double is infinite; up to there it is zero. */
const OVERFLOW = `${2n ** 1024n - 2n ** 970n}`;
const UNDERFLOW = `${5n ** 1075n}e-1075`;

const numbers = `
create function reprise.units(significand numeric, exponent int) returns numeric
language sql immutable strict parallel safe as $$
  select case when exponent >= 0 then significand * power(2::numeric, exponent)
    else significand * power(5::numeric, -exponent) * ('1e' || exponent)::numeric end
$$;
create function reprise.exact(value float8) returns numeric
language plpgsql immutable strict parallel safe as $$
declare
  bits bigint := ('x' || encode(float8send(value), 'hex'))::bit(64)::bigint;
  exponent int := (bits >> 52) & 2047;
  significand bigint := bits & 4503599627370495;
begin
  if exponent > 0 then significand := significand + 4503599627370496; end if;
  if bits < 0 then significand := -significand; end if;
  return reprise.units(significand, greatest(exponent, 1) - 1075);
end
$$;
create function reprise.to_double(value numeric) returns float8
language sql immutable strict parallel safe as $$
  select case
    when abs(value) >= 1e308 and abs(value) >= ${OVERFLOW} then sign(value)::float8 * 'infinity'::float8
    when abs(value) < 1e-300 and abs(value) <= ${UNDERFLOW} then 0::float8
    else value::float8 end
$$;
create function reprise.quotient(top numeric, bottom numeric) returns float8
language plpgsql immutable strict parallel safe as $$
declare
  -- At least 66 bits of the quotient, the last of which says whether anything was cut off.
  shift int := case when abs(top) >= bottom * 1e-30 then 180 else 2400 end;
  scaled numeric := abs(top) * power(2::numeric, shift);
  bits numeric := div(scaled, bottom);
begin
  if bits * bottom <> scaled then bits := bits + 1 - mod(bits, 2); end if;
  return reprise.to_double(sign(top) * reprise.units(bits, -shift));
end
$$;
create function reprise.mean(total float8, n numeric) returns float8
language sql immutable strict parallel safe as $$
  select case when n = 0 then null
    when total > 0 and total < 1e-290 then reprise.quotient(reprise.exact(total), n)
    when total < 0 and total > -1e-290 then -reprise.quotient(reprise.exact(-total), n)
    else total / n::float8 end
$$;
create function reprise.special_sum(hi float8, rest float8[]) returns float8
language sql immutable parallel safe as $$
  select case when rest is null and hi in ('NaN', 'Infinity', '-Infinity') then hi end
$$;
create function reprise.exact_sum(hi float8, lo float8, rest float8[]) returns numeric
language sql immutable parallel safe as $$
  select case when hi is null or reprise.special_sum(hi, rest) is not null then null
    else case when hi in ('Infinity', '-Infinity') then 0 else reprise.exact(hi) + reprise.exact(lo) end
      + coalesce((select sum(reprise.exact(part)) from unnest(rest) part), 0) end
$$`;

const distinct = `
create function reprise.hash53(value json) returns bigint
language sql immutable strict parallel safe as $$
  select (hashtextextended(value::text collate "C", 0) >> 11) & 9007199254740991
$$;
create function reprise.distinct_listed(states text[]) returns setof json
language sql immutable strict parallel safe as $$
  select value from unnest(states) state,
    json_array_elements(case when state like '[%' then state::json else '[]' end) value
$$;
create function reprise.distinct_is_exact(states text[], exact_up_to bigint) returns boolean
language sql immutable strict parallel safe as $$
  select not exists (select from unnest(states) state where state not like '[%')
    and (select count(distinct value::text collate "C") from reprise.distinct_listed(states) value) <= exact_up_to
$$;
create function reprise.distinct_count(states text[], exact_up_to bigint) returns bigint
language plpgsql immutable strict parallel safe as $$
declare
  total float8;
  empty bigint;
  raw float8;
begin
  if reprise.distinct_is_exact(states, exact_up_to) then
    return (select count(distinct value::text collate "C") from reprise.distinct_listed(states) value);
  end if;
  with ranked as (
    select i as register, get_byte(bytes, i) as rank
    from unnest(states) state,
      lateral (select decode(state::json ->> 'hll', 'base64') as bytes where state like '{%') hll,
      generate_series(0, 4095) i
    union all
    select (hash >> 41)::int, 42 - length(ltrim((hash & 2199023255551)::bit(64)::text, '0'))
    from reprise.distinct_listed(states) value, lateral (select reprise.hash53(value) as hash) hashed
  ), registers as (
    select max(rank) as rank from ranked group by register having max(rank) > 0
  ), counted as (
    select rank, count(*) as n from registers group by rank
    union all
    select 0, 4096 - count(*) from registers
  )
  select sum(n / power(2::float8, rank) order by rank), sum(n) filter (where rank = 0)
  into total, empty from counted;
  raw := ${(0.7213 / (1 + 1.079 / 4096)) * 4096 * 4096}::float8 / total;
  if raw <= 10240 and empty > 0 then
    raw := 4096 * ln(4096 / empty::float8);
  end if;
  return floor(raw + 0.5)::bigint;
end
$$`;

const top = `
create function reprise.iso_instant(ms float8) returns text
language sql immutable strict parallel safe as $$
  select case when year between 0 and 9999 then lpad(year::text, 4, '0')
      else (case when year < 0 then '-' else '+' end) || lpad(abs(year)::text, 6, '0') end
    || to_char(instant, '-MM-DD"T"HH24:MI:SS.MS"Z"')
  from (select date '1970-01-01' + floor(ms / 86400000)::int
      + (ms - floor(ms / 86400000) * 86400000) * interval '1 millisecond' as instant) at,
    lateral (select extract(year from instant)::int + case when extract(year from instant) < 0 then 1 else 0 end as year) of
$$;
create function reprise.shown_value(value json, kind text, scale int) returns jsonb
language sql immutable strict parallel safe as $$
  select case
    when value ->> 'n' is not null and kind = 'decimal' and scale > 0
      then to_jsonb(((value ->> 'n')::numeric * ('1e-' || scale)::numeric)::text)
    when json_typeof(value) = 'object' then to_jsonb(coalesce(value ->> 'n', value ->> 'd'))
    when kind = 'boolean' then to_jsonb(value::text <> '0')
    when kind = 'timestamp-millis' then to_jsonb(reprise.iso_instant(value::text::float8))
    when kind = 'date' then to_jsonb(split_part(reprise.iso_instant(value::text::float8 * 86400000), 'T', 1))
    else value::jsonb end
$$;
create function reprise.top_counts(states text[], out value json, out times numeric) returns setof record
language sql immutable strict parallel safe as $$
  select (entry -> 0)::text::json, sum((entry ->> 1)::numeric)
  from unnest(states) state, json_array_elements(state::json -> 'counts') entry
  group by (entry -> 0)::text
$$;
create function reprise.top_is_exact(states text[], distinct_up_to bigint) returns boolean
language sql immutable strict parallel safe as $$
  select bool_and((state::json ->> 'exact')::boolean)
    and (select count(*) from reprise.top_counts(states)) <= distinct_up_to
  from unnest(states) state
$$;
create function reprise.top(states text[], k bigint, kind text, scale int, distinct_up_to bigint) returns jsonb
language sql immutable strict parallel safe as $$
  select coalesce(
    jsonb_agg(jsonb_build_object('value', reprise.shown_value(value, kind, scale), 'count', times) order by place),
    '[]')
  from (
    select value, times, row_number() over (order by times desc,
      case json_typeof(value) when 'number' then value::text::float8 when 'object' then (value ->> 'd')::float8 end,
      case json_typeof(value) when 'object' then (value ->> 'n')::numeric end,
      (value #>> '{}') collate "C") as place
    from (
      select * from reprise.top_counts(states)
      order by reprise.hash53(value), value::text collate "C" limit distinct_up_to
    ) kept
  ) ordered
  where place <= k
$$`;

const sketches = `
create function reprise.bucket_value(bucket int, slots int) returns float8
language sql immutable strict parallel safe as $$
  select (2 * low * (low + 1))::float8 / (slots * (2 * low + 1))::float8
    * power(2::float8, greatest(exponent, -1022)) * power(2::float8, exponent - greatest(exponent, -1022))
  from (select floor(bucket::numeric / slots)::int as exponent) octave,
    lateral (select (slots + bucket - exponent * slots)::bigint as low) place
$$;
create function reprise.sketch_quantile(states text[], q float8, relative_error float8) returns float8
language sql immutable strict parallel safe as $$
  with sketches as (select state::json as sketch from unnest(states) state),
  counted as (
    select 1 as part, null::int as bucket, (sketch #>> '{s,0}')::bigint as n from sketches
    union all
    select 2, -(entry ->> 0)::int, (entry ->> 1)::bigint from sketches, json_array_elements(sketch -> 'n') entry
    union all
    select 3, null, (sketch ->> 'z')::bigint from sketches
    union all
    select 4, (entry ->> 0)::int, (entry ->> 1)::bigint from sketches, json_array_elements(sketch -> 'p') entry
    union all
    select 5, null, (sketch #>> '{s,1}')::bigint from sketches
    union all
    select 6, null, (sketch #>> '{s,2}')::bigint from sketches
  ), walked as (
    select part, bucket, sum(sum(n)) over (order by part, bucket) as passed from counted group by part, bucket
  )
  select case part
    when 1 then '-infinity'::float8
    when 2 then -reprise.bucket_value(-bucket, slots)
    when 3 then 0
    when 4 then reprise.bucket_value(bucket, slots)
    when 5 then 'infinity'::float8
    else 'nan'::float8 end
  from walked,
    (select sum((sketch ->> 'c')::bigint) as n from sketches) total,
    (select ceil((1 - relative_error) / (2 * relative_error))::int as slots) of
  where total.n > 0 and passed > floor(q * (total.n - 1)::float8)
  order by part, bucket limit 1
$$`;

const others = `
create function reprise.variance(states text[], scale int) returns float8
language sql immutable strict parallel safe as $$
  select case when n < 2 then null
    when broken then 'nan'::float8
    else reprise.quotient(n * squares - total * total, n * (n - 1) * power(10::numeric, 2 * scale)) end
  from (
    select sum((state ->> 0)::numeric) as n,
      sum(reprise.units((state ->> 1)::numeric, (state ->> 2)::int)) as total,
      sum(reprise.units((state ->> 3)::numeric, (state ->> 4)::int)) as squares,
      bool_or((state ->> 5)::boolean) as broken
    from (select json.state::json as state from unnest(states) json(state)) parsed
  ) summed
$$;
create function reprise.collect(states text[], shown jsonb[], n bigint) returns jsonb
language sql immutable strict parallel safe as $$
  select coalesce(jsonb_agg(value order by place), '[]')
  from (
    select value, row_number() over (order by (placed ->> 0)::float8, (placed ->> 1) collate "C",
      (placed ->> 2)::int, (placed ->> 3)::bigint) as place
    from unnest(states, shown) as lists(state, list),
      rows from (json_array_elements(state::json), jsonb_array_elements(list)) as listed(placed, value)
  ) ordered
  where place <= n
$$;
grant usage on schema reprise to public`;

const comments = `
comment on function reprise.units is 'significand times 2 to the exponent, exactly';
comment on function reprise.exact is 'the decimal number that a finite double is, every digit';
comment on function reprise.to_double is 'the double nearest to a number; beyond their range infinite or zero';
comment on function reprise.quotient is 'top / bottom, rounded once';
comment on function reprise.mean is 'total / n as IEEE 754 divides, results too small for a double included';
comment on function reprise.special_sum is 'the sum of a row when it is NaN or infinite because a value was';
comment on function reprise.exact_sum is 'the sum of a row, every digit; null when there is none or a value was not finite';
comment on function reprise.hash53 is 'the hash by which countDistinct and topK choose';
comment on function reprise.distinct_listed is 'values of the states that are still exact';
comment on function reprise.distinct_is_exact is 'whether countDistinct over all states is exact';
comment on function reprise.distinct_count is 'countDistinct over all states';
comment on function reprise.iso_instant is 'milliseconds since the epoch as ISO 8601, as JavaScript prints it';
comment on function reprise.shown_value is 'a value of a state as jsonb columns show it';
comment on function reprise.top_counts is 'how often each value occurs, over all states';
comment on function reprise.top_is_exact is 'whether topK over all states is exact';
comment on function reprise.top is 'topK over all states';
comment on function reprise.bucket_value is 'the value that stands for a bucket of a quantile sketch';
comment on function reprise.sketch_quantile is 'quantile over all states';
comment on function reprise.variance is 'sample variance over all states';
comment on function reprise.collect is 'collect over all states and the lists they show'`;
