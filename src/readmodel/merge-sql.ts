import pg from 'pg';
import type { ColumnMerge } from '../projection/plan/table-plan.ts';
import { quoted } from './table-name.ts';

/**
 * Returns the SQL that merges one column over the rows of a group, by the functions of migration
 * 0005: the same result, bit by bit, as if the fold had seen all events.
 */
export function mergeSql({ merge, from, parameters }: ColumnMerge): string {
  const columns = from.map(quoted);
  const [first, ...others] = columns as [string, ...string[]];
  const state = columns.at(-1) as string;
  const states = (name: string, lists: readonly string[] = [state]) =>
    `reprise.${name}(${[...lists.map((each) => `array_agg(${each})`), ...parameters.map(literal)].join(', ')})`;
  switch (merge) {
    case 'sum':
    case 'min':
    case 'max':
      return `${merge}(${first})`;
    case 'sumDouble':
      return exactSum(columns);
    case 'avgDouble':
      return `reprise.mean(${exactSum(columns)}, sum(${state}))`;
    case 'avgInteger':
      return `reprise.mean(reprise.to_double(sum(${first})), sum(${others[0]}))`;
    case 'first':
      return edge(first, state, 'asc');
    case 'last':
      return edge(first, state, 'desc');
    case 'collect':
      return states('collect', [state, first]);
    case 'countDistinct':
      return states('distinct_count');
    case 'countDistinctExact':
      return states('distinct_is_exact');
    case 'topK':
      return states('top');
    case 'topKExact':
      return states('top_is_exact');
    case 'quantile':
      return states('sketch_quantile');
    case 'variance':
      return states('variance');
    case 'stddev':
      return `sqrt(${states('variance')})`;
  }
}

/**
 * Returns the SQL of a sum of doubles: NaN or an infinity if a value was one, otherwise the exact
 * sum rounded once.
 */
function exactSum([hi, lo, rest]: readonly string[]): string {
  return `coalesce(sum(reprise.special_sum(${hi}, ${rest})), reprise.to_double(sum(reprise.exact_sum(${hi}, ${lo}, ${rest}))))`;
}

/**
 * Returns the SQL of the value from the row with the first or last event: by event time, topic,
 * partition, offset.
 */
function edge(value: string, state: string, direction: 'asc' | 'desc'): string {
  const json = `${state}::json`;
  const order = [
    `(${json} ->> 0)::float8`,
    `(${json} ->> 1) collate "C"`,
    `(${json} ->> 2)::int`,
    `(${json} ->> 3)::bigint`,
  ].map((each) => `${each} ${direction}`);
  return `(array_agg(${value} order by ${order.join(', ')}) filter (where ${state} <> 'null'))[1]`;
}

function literal(parameter: number | string): string {
  return typeof parameter === 'number' ? String(parameter) : pg.escapeLiteral(parameter);
}
