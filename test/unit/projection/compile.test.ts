import { describe, expect, it } from 'vitest';
import { avg, count, max, min, sum } from '../../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { type Loose, type Parts, planOf } from './declared.ts';

describe('the plan', () => {
  it('has keys, bounds, measures, the mark of revision and hidden state, in this order', () => {
    const { table } = planOf({
      key: ['userId', 'tenantId'],
      measures: { events: count(), mean: avg('score'), paid: sum('price'), last: max('at') },
      index: ['tenant_id', 'window_start'],
    });
    expect(
      table.columns.map(
        ({ name, type, role, nullable }) => `${name} ${type} ${role}${nullable ? ' null' : ''}`,
      ),
    ).toEqual([
      'user_id text key',
      'tenant_id int8 key',
      'window_start timestamptz key',
      'window_end timestamptz measure',
      'events int8 measure',
      'mean float8 measure null',
      'paid numeric measure',
      'last timestamptz measure',
      'revised_at_offset int8 measure null',
      '_sum_score float8 state null',
      '_sum_score_lo float8 state null',
      '_sum_score_rest float8[] state null',
      '_count_score int8 state',
    ]);
    expect(table.columns.find(({ name }) => name === 'paid')?.scale).toBe(2);
    expect(table.indexes).toEqual([['tenant_id', 'window_start']]);
    expect(table.columns.every(({ comment }) => comment.length > 3)).toBe(true);
  });

  it('keeps one state for measures that need the same', () => {
    const { accumulators } = planOf({
      measures: {
        mean: avg('value'),
        total: sum('value'),
        again: sum('value'),
        n: count(),
        m: count(),
        low: min('value'),
        least: min('value'),
      },
    });
    expect(accumulators).toEqual([
      {
        kind: 'sumDouble',
        field: 'value',
        hi: 'total',
        lo: '_sum_value_lo',
        rest: '_sum_value_rest',
        filter: null,
      },
      { kind: 'count', field: null, column: 'n', filter: null },
      { kind: 'min', field: 'value', column: 'low', filter: null },
    ]);
  });

  it('counts the values of nullable fields, whole numbers as integers', () => {
    expect(planOf({ measures: { mean: avg('total') } }).accumulators).toEqual([
      { kind: 'sumInteger', field: 'total', column: '_sum_total', filter: null },
      { kind: 'count', field: 'total', column: '_count_total', filter: null },
    ]);
    expect(planOf({ measures: { mean: avg('price') } }).accumulators).toEqual([
      { kind: 'sumInteger', field: 'price', column: '_sum_price', filter: null },
      { kind: 'count', field: null, column: '_count', filter: null },
    ]);
  });

  it('waits for nothing and allows an hour of drift unless told otherwise', () => {
    expect(planOf({})).toMatchObject({ latenessMs: 0, maxDriftMs: 3_600_000, late: 'revise' });
    expect(planOf({ options: { lateness: 'PT10S', maxDrift: 5 } })).toMatchObject({
      latenessMs: 10_000,
      maxDriftMs: 5,
    });
  });

  it('has the same fingerprint for the same shape', () => {
    const parts = { where: [{ action: 'VIEW' }, (e: Loose) => e['value'] === 1] };
    expect(planOf(parts).fingerprint).toBe(planOf(parts).fingerprint);
    expect(planOf({ version: 2 }).fingerprint).toBe(planOf({}).fingerprint);
    expect(planOf({ index: ['user_id'] }).fingerprint).toBe(planOf({}).fingerprint);
  });

  it('has another fingerprint for every other shape', () => {
    const shapes: Parts[] = [
      {},
      { name: 'other' },
      { key: ['userId', 'action'] },
      { key: ['action', 'userId'] },
      { window: tumbling('2 minutes') },
      { window: tumbling('1 minute', { offset: 1 }) },
      { options: { lateness: 1 } },
      { options: { maxDrift: 1 } },
      { measures: { n: count() } },
      { measures: { events: sum('value') } },
      { measures: { events: sum('score') } },
      { measures: { events: avg('value') } },
      { measures: { events: count(), x: max('value') } },
      { measures: { x: max('value'), events: count() } },
      { where: [{ action: 'VIEW' }] },
      { where: [{ action: 'CLICK' }] },
      { where: [{ action: { not: 'CLICK' } }] },
      { where: [() => true] },
      { where: [() => false] },
    ];
    expect(new Set(shapes.map((parts) => planOf(parts).fingerprint)).size).toBe(shapes.length);
  });
});
