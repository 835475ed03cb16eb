import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../src/event/decimal.ts';
import { avg, count, max, sum } from '../../../src/projection/aggregates.ts';
import { compileProjection } from '../../../src/projection/compile.ts';
import { WindowedProjection } from '../../../src/projection/windowed-projection.ts';
import { isRepriseError } from '../../../src/reprise-error.ts';
import { type Parts, planOf } from './declared.ts';

describe('a mistake in a definition', () => {
  const cases: readonly [string, Parts, string][] = [
    ['version 0', { version: 0 }, 'Metrics version: 0 is not a whole number from 1'],
    ['version 1.5', { version: 1.5 }, 'Metrics version: 1.5 is not'],
    ['a name in capitals', { name: 'Metrics' }, 'Metrics name: "Metrics" may hold only a-z'],
    ['a long name', { name: 'm'.repeat(60) }, 'bytes long with __v1; Postgres allows 63'],
    ['no key', { key: [] }, 'Metrics .key(…): names no field'],
    [
      'an unknown key',
      { key: ['userId', 'usr'] },
      'Metrics .key(…): Acted has no field "usr"; it has userId, tenantId',
    ],
    [
      'a key of doubles',
      { key: ['userId', 'value'] },
      '.key(…): "value" is a double; a key is made of',
    ],
    [
      'a key without the record key, where events of a window are needed in one place',
      { key: ['action'], options: { emit: 'onClose' } },
      '.key(…): does not contain the record key: Acted has the record key "userId"',
    ],
    [
      'a key where records have none',
      { recordKey: undefined, options: { emit: 'onClose' } },
      'Acted has no record key',
    ],
    ['a key twice', { key: ['userId', 'userId'] }, 'Metrics .key(…): names "userId" twice'],
    [
      'two keys of one column',
      { key: ['userId', 'user_id'] },
      'Metrics .key(…): the column "user_id" of "user_id" is there already, from .key(…)',
    ],
    [
      'a key with a hidden name',
      { key: ['userId', 'Odd'] },
      '.key(…): the column "_odd" of "Odd" is reserved',
    ],
    [
      'a key that is no identifier',
      { key: ['userId', 'naïve'] },
      'Metrics .key(…): the column "naïve" of "naïve" may hold only',
    ],
    [
      'no window',
      { window: '1 minute' as never },
      "Metrics .window(…): takes windows such as tumbling('1 minute')",
    ],
    [
      'a lateness that is none',
      { options: { lateness: 'soon' } },
      'Metrics .window(…): lateness: "soon" is not a duration',
    ],
    [
      'a negative lateness',
      { options: { lateness: -1 } },
      'Metrics .window(…): lateness must not be negative',
    ],
    [
      'a drift that is none',
      { options: { maxDrift: 'x' } },
      'Metrics .window(…): maxDrift: "x" is not a duration',
    ],
    [
      'a negative drift',
      { options: { maxDrift: -1 } },
      'Metrics .window(…): maxDrift must not be negative',
    ],
    ['no measure', { measures: {} }, 'Metrics .measure({}): declares nothing to keep'],
    [
      'a measure named as a key',
      { measures: { userId: count() } },
      'Metrics .measure({ userId }): the column "user_id" is there already, from .key(…)',
    ],
    [
      'a measure named as a bound',
      { measures: { windowEnd: count() } },
      '"window_end" is reserved',
    ],
    [
      'a measure named as the mark',
      { measures: { revisedAtOffset: count() } },
      '"revised_at_offset" is reserved',
    ],
    ['a measure with a hidden name', { measures: { _x: count() } }, '"_x" is reserved'],
    [
      'a measure of an unknown field',
      { measures: { x: sum('valu') } },
      '.measure({ x }): Acted has no field "valu"',
    ],
    [
      'a sum of text',
      { measures: { x: sum('userId') } },
      '.measure({ x }): sum("userId") needs a number; "userId" is a string',
    ],
    [
      'an average of times',
      { measures: { x: avg('at') } },
      'avg("at") needs a number; "at" is a timestamp-millis',
    ],
    ['a maximum of booleans', { measures: { x: max('flag') } }, 'max("flag") needs'],
    [
      'a measure that is none',
      { measures: { x: avg } },
      '.measure({ x }): takes count(), sum, avg, min, max and the other aggregates',
    ],
    [
      'two measures of one column',
      { measures: { aB: count(), a_b: count() } },
      '.measure({ a_b }): the column "a_b" is there already, from .measure({ aB })',
    ],
    [
      'a long measure',
      { measures: { ['m'.repeat(64)]: count() } },
      '64 bytes long; Postgres allows 63',
    ],
    [
      'a filter that is none',
      { where: [7] },
      'Metrics .where(…): takes { field: value } or a function',
    ],
    [
      'a filter of an unknown field',
      { where: [{ actio: 'VIEW' }] },
      '.where(…): Acted has no field "actio"',
    ],
    [
      'a filter of undefined',
      { where: [{ action: undefined }] },
      '"action" is compared with undefined or a function',
    ],
    [
      'a filter of no values',
      { where: [{ action: [] }] },
      '"action" is compared with an empty list',
    ],
    [
      'a filter of lists',
      { where: [{ action: [['VIEW']] }] },
      '"action" is compared with something that is not a value',
    ],
    [
      'an unknown condition',
      { where: [{ value: { above: 3 } }] },
      '"value" has no condition named above; there are gt, gte, lt, lte, not',
    ],
    [
      'a bound of nothing',
      { where: [{ value: { gt: null } }] },
      '"value" is compared (gt) with no value',
    ],
    [
      'a range of text',
      { where: [{ userId: { lt: 'b' } }] },
      '"userId" is a string, which has no order for lt',
    ],
    ['a filter of bytes', { where: [{ blob: 'x' }] }, '"blob" is a bytes'],
    ['a filter of records', { where: [{ nested: null }, { nested: 'x' }] }, '"nested" is a other'],
    [
      'a symbol that is none',
      { where: [{ action: 'BUY' }] },
      '"action" is a enum and is compared with "BUY"; it takes one of VIEW, CLICK',
    ],
    [
      'a day that is none',
      { where: [{ day: '2024-02-30' }] },
      '"day" is a date and is compared with "2024-02-30"; it takes a day as',
    ],
    [
      'a number for text',
      { where: [{ userId: 5 }] },
      '"userId" is a string and is compared with 5; it takes text',
    ],
    [
      'a number for a long',
      { where: [{ tenantId: { gt: 5 } }] },
      '"tenantId" is a long and is compared with 5; it takes a bigint',
    ],
    [
      'a number for a decimal',
      { where: [{ price: { gt: 5 } }] },
      '"price" is a decimal and is compared with 5; it takes a Decimal',
    ],
    [
      'text for a number',
      { where: [{ value: ['5'] }] },
      '"value" is a double and is compared with "5"; it takes a number',
    ],
    [
      'text for a time',
      { where: [{ at: { gt: '2024-01-01' } }] },
      '"at" is a timestamp-millis and is compared with "2024-01-01"; it takes a Date',
    ],
    [
      'text for a boolean',
      { where: [{ flag: 'true' }] },
      '"flag" is a boolean and is compared with "true"; it takes true or false',
    ],
    ['an index of nothing', { index: [] }, 'Metrics .index(…): names no column'],
    [
      'an index of an unknown column',
      { index: ['userId'] },
      'Metrics .index(…): there is no column "userId"; there are user_id, window_start',
    ],
    [
      'an index of hidden state',
      { index: ['_count_score'], measures: { x: avg('score') } },
      'there is no column "_count_score"',
    ],
  ];

  it.each(cases)('is named with its place: %s', (_, parts, message) => {
    let thrown: unknown;
    try {
      planOf(parts);
    } catch (error) {
      thrown = error;
    }
    expect(isRepriseError(thrown) && thrown.code).toBe('DEFINITION_INVALID');
    expect((thrown as Error).message).toContain(message);
  });

  it('is named when define() returns nothing of ours', () => {
    class Empty extends WindowedProjection {
      readonly name = 'empty';
      readonly version = 1;
      define() {
        return undefined as never;
      }
    }
    expect(() => compileProjection(new Empty())).toThrow(
      'Empty define(): must return what the last step',
    );
  });
});

describe('filters', () => {
  it('take values of every type that has them', () => {
    const where = [
      { userId: ['a', null], action: { not: 'VIEW' }, flag: false, day: { not: ['2024-02-29'] } },
      { value: { gt: -1, lte: Infinity }, tenantId: 3n, price: { lt: Decimal.fromString('1.5') } },
      { at: { gte: new Date(0) }, score: null },
    ];
    const [conditions] = planOf({ where }).sources[0]?.where ?? [];
    expect(conditions).toEqual({
      kind: 'conditions',
      conditions: [
        { field: 'userId', operator: 'in', values: ['a', null] },
        { field: 'action', operator: 'notIn', values: ['VIEW'] },
        { field: 'flag', operator: 'in', values: [false] },
        { field: 'day', operator: 'notIn', values: ['2024-02-29'] },
      ],
    });
    expect(planOf({ where }).sources[0]?.fields).toEqual([
      'userId',
      'at',
      'action',
      'flag',
      'day',
      'value',
      'tenantId',
      'price',
      'score',
    ]);
  });
});
