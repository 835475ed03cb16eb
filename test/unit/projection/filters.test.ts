import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../src/event/decimal.ts';
import { type Parts, planOf } from './declared.ts';

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

  it.each<readonly [string, Parts, string]>([
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
  ])('refuse, naming class, step and field: %s', (_, parts, message) => {
    expect(() => planOf(parts)).toThrow(
      expect.objectContaining({
        code: 'DEFINITION_INVALID',
        message: expect.stringMatching(/^Metrics \.where\(…\): /) as string,
      }),
    );
    expect(() => planOf(parts)).toThrow(message);
  });
});
