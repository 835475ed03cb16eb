import { describe, expect, it } from 'vitest';
import {
  compileProjection,
  compileProjections,
} from '../../../../src/projection/compile/compile-projection.ts';
import { count } from '../../../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../../../src/projection/declare/columns.ts';
import { begin } from '../../../../src/projection/declare/pattern.ts';
import { tumbling } from '../../../../src/projection/declare/window.ts';
import {
  Acted,
  ActedAgain,
  type Define,
  expectMistake,
  type Head,
  Json,
  OtherJson,
  Paid,
  pattern,
  type Step,
  session,
  table,
  Unkeyed,
  windowed,
} from './mistaken.ts';

/** What is written before the kinds part; the rest is in order. */
interface Parts {
  readonly from?: readonly unknown[];
  readonly time?: unknown;
  readonly key?: readonly unknown[];
  readonly where?: unknown;
}

const kept = columns({ userId: text().primaryKey(), times: int() });

function timed(from: Step['key'], parts: Parts): Step {
  const step = from(...(parts.from ?? [Acted]));
  return 'time' in parts ? step.time(parts.time) : step;
}

function keyed(from: Step['key'], parts: Parts): Step {
  const step = timed(from, parts).key(...(parts.key ?? ['userId']));
  return 'where' in parts ? step.where(parts.where) : step;
}

/** Each kind around these parts, without a mistake of its own. */
const keyedKinds = [
  {
    kind: 'windowed',
    name: 'Metrics',
    make: windowed,
    define: (from: Step['key'], parts: Parts) =>
      keyed(from, parts).window(tumbling('1 minute')).measure({ events: count() }),
  },
  {
    kind: 'session',
    name: 'Visits',
    make: session,
    define: (from: Step['key'], parts: Parts) =>
      keyed(from, parts).session({ gap: '1 minute' }).measure({ events: count() }),
  },
  {
    kind: 'pattern',
    name: 'Fraud',
    make: pattern,
    define: (from: Step['key'], parts: Parts) => keyed(from, parts).pattern(begin('a')),
  },
] as const;
const kinds = [
  ...keyedKinds,
  {
    kind: 'table',
    name: 'Accounts',
    make: table,
    define: (from: Step['key'], parts: Parts) => {
      const step = timed(from, parts);
      const filtered = 'where' in parts ? step.where(parts.where) : step;
      const ended = filtered.table(kept).key('userId');
      return (parts.from ?? [Acted]).reduce<Step>(
        (each, event) => each.on(event, () => null),
        ended,
      );
    },
  },
] as const;

type Common = readonly [written: string, parts: Parts, message: string];

const ofSources: readonly Common[] = [
  ['no event', { from: [] }, '\\.from\\(…\\): names no event'],
  [
    'an event that is undefined',
    { from: [Acted, undefined] },
    '\\.from\\(…\\): is given undefined instead of an event definition.*circle',
  ],
  [
    'an event by its name',
    { from: ['Acted'] },
    '\\.from\\(…\\): is given a string instead of an event',
  ],
  [
    'an event twice',
    { from: [Acted, Paid, Acted] },
    '\\.from\\(…\\): names an event twice: Acted of the topic acted',
  ],
  [
    'two sources with the same record',
    { from: [Acted, ActedAgain] },
    '\\.from\\(…\\): names an event twice: Acted of',
  ],
  [
    'two JSON events on one topic',
    { from: [Json, OtherJson] },
    '\\.from\\(…\\): Json shares the topic json',
  ],
  ['a time that is no field', { time: 'when' }, '\\.time\\(…\\): Acted has no field "when"'],
  [
    'a time that is a number',
    { time: 'value' },
    '\\.time\\(…\\): "value" of Acted is a double; event time is',
  ],
  [
    'a time that is no choice',
    { time: { time: 'now' } },
    '\\.time\\(…\\): takes a field, ingestionTime\\(\\) or',
  ],
  [
    'a filter that is none',
    { where: 7 },
    '\\.where\\(…\\): takes \\{ field: value \\} or a function',
  ],
  [
    'a filter that is a list',
    { where: [{ value: 1 }] },
    '\\.where\\(…\\): takes \\{ field: value \\}',
  ],
  ['an async filter', { where: async () => false }, '\\.where\\(…\\): its function is async'],
  [
    'a filter of an unknown field',
    { where: { actio: 'VIEW' } },
    '\\.where\\(…\\): Acted has no field "actio"',
  ],
  [
    'a filter of a field that one of two events lacks',
    { from: [Acted, Paid], where: { score: 1 } },
    '\\.where\\(…\\): Paid has no field "score"',
  ],
  [
    'a symbol that one of two events lacks',
    { from: [Acted, Paid], where: { action: 'VIEW' } },
    '\\.where\\(…\\): "action" is a enum .* takes one of PAY',
  ],
  [
    'a condition without an operator',
    { where: { value: {} } },
    '\\.where\\(…\\): "value" is compared with nothing',
  ],
];

const ofKeys: readonly Common[] = [
  ['no key', { key: [] }, '\\.key\\(…\\): names no field'],
  [
    'an unknown key',
    { key: ['userId', 'usr'] },
    '\\.key\\(…\\): Acted has no field "usr"; it has userId, tenantId',
  ],
  [
    'a key that one of two events lacks',
    { from: [Acted, Paid], key: ['userId', 'day'] },
    '\\.key\\(…\\): Paid has no field "day"',
  ],
  [
    'a key of two types',
    { from: [Acted, Paid], key: ['userId', 'tenantId'] },
    '\\.key\\(…\\): "tenantId" is a long in one event and a string in another',
  ],
  [
    'a key of doubles',
    { key: ['userId', 'value'] },
    '\\.key\\(…\\): "value" is a double; a key is made of',
  ],
  ['a key of instants', { key: ['userId', 'at'] }, '\\.key\\(…\\): "at" is a timestamp-millis'],
  ['a key twice', { key: ['userId', 'userId'] }, '\\.key\\(…\\): names "userId" twice'],
  [
    'two keys of one column',
    { key: ['userId', 'user_id'] },
    '\\.key\\(…\\): the column "user_id" of "user_id" is there already',
  ],
  [
    'a key with a hidden name',
    { key: ['userId', 'Odd'] },
    '\\.key\\(…\\): the column "_odd" of "Odd" is reserved',
  ],
  [
    'a key that is no identifier',
    { key: ['userId', 'naïve'] },
    '\\.key\\(…\\): the column "naïve" of "naïve" may hold only a-z',
  ],
  [
    'a key named as a system column',
    { key: ['userId', 'xmin'] },
    '\\.key\\(…\\): the column "xmin" of "xmin" is a system column',
  ],
];

describe.each(kinds)('a mistake in a $kind projection', ({ name, make, define }) => {
  it.each(ofSources)('is named with class, step and field: %s', (_, parts, message) => {
    expectMistake(
      make((from) => define(from, parts)),
      new RegExp(`^${name} ${message}`),
    );
  });

  const heads: readonly (readonly [string, Head, string])[] = [
    ['version 0', { version: 0 }, 'version: 0 is not a whole number from 1'],
    ['a version in words', { version: 'one' }, 'version: one is not'],
    ['no name', { name: null }, 'name: is null; write'],
    ['a name in capitals', { name: 'Metrics' }, 'name: "Metrics" may hold only a-z'],
    ['a name that begins with a digit', { name: '1m' }, 'name: "1m" .* begin with a digit'],
    ['a long name', { name: 'm'.repeat(60) }, 'name: "m+" is 64 bytes long with __v1'],
    ['a name like a version', { name: 'metrics__v2' }, 'name: "metrics__v2" ends in __v2'],
    ['a name like hidden state', { name: 'metrics__state' }, 'name: .* ends in __state'],
  ];
  it.each(heads)('is named with class and member: %s', (_, head, message) => {
    expectMistake(
      make((from) => define(from, {}), head),
      new RegExp(`^${name} ${message}`),
    );
  });

  it.each([
    ['an unknown column', [['userId']], 'there is no column "userId"; there are user_id'],
    ['no column', [[]], 'names no column'],
    ['a column twice', [['user_id', 'user_id']], 'names the column "user_id" twice'],
    ['what there is already', [['user_id'], ['user_id']], 'is declared twice for user_id'],
  ])('is an index of %s', (_, indexes, message) => {
    const indexed = (from: Step['key']) =>
      indexes.reduce((step, index) => step.index(...index), define(from, {}));
    const step = name === 'Accounts' ? '\\.table\\(…\\) \\.index' : '\\.index';
    expectMistake(make(indexed), new RegExp(`^${name} ${step}\\(…\\): ${message}`));
  });

  it.each<readonly [string, Define]>([
    ['was not ended', (from) => from(Acted)],
    ['is missing', () => undefined],
    ['comes later', async () => undefined],
  ])('is a definition that %s', (_, declare) => {
    expectMistake(make(declare), new RegExp(`^${name} define\\(\\): must return what the last`));
  });

  it('is whatever define() throws', () => {
    const broken = make(() => {
      throw new TypeError('no such module');
    });
    expectMistake(broken, new RegExp(`^${name} define\\(\\): it threw: no such module`));
  });

  it('is not found where there is none', () => {
    expect(compileProjection(make((from) => define(from, {}))).name).toBe('metrics');
  });
});

describe.each(keyedKinds)(
  'a mistake in the key of a $kind projection',
  ({ name, make, define }) => {
    it.each(ofKeys)('is named with class, step and field: %s', (_, parts, message) => {
      expectMistake(
        make((from) => define(from, parts)),
        new RegExp(`^${name} ${message}`),
      );
    });
  },
);

describe('a key without the record key', () => {
  const reason = 'so events of one row would lie in several partitions. Add that field';

  it.each(keyedKinds.slice(1))('is refused with the reason: $kind', ({ name, make, define }) => {
    expectMistake(
      make((from) => define(from, { key: ['action'] })),
      new RegExp(`^${name} \\.key\\(…\\): .*Acted has the record key "userId", ${reason}`),
    );
    expectMistake(
      make((from) => define(from, { from: [Unkeyed] })),
      new RegExp(`^${name} \\.key\\(…\\): .*Unkeyed has no record key, ${reason}`),
    );
  });

  it('is merged when read by windows', () => {
    const plan = compileProjection(
      windowed((from) => keyedKinds[0].define(from, { key: ['action'] })),
    );
    expect(plan).toMatchObject({ mergedAtRead: true });
  });
});

describe('two projections of one application', () => {
  const named = (name: string) => windowed((from) => keyedKinds[0].define(from, {}), { name });
  const accounts = table(
    (_, own) =>
      own(kept)
        .key('userId')
        .on(Acted, () => null)
        .table('users', kept)
        .key('userId')
        .on(Acted, () => null),
    { name: 'accounts' },
  );

  it('have names of their own', () => {
    expect(compileProjections([named('a'), named('b'), accounts])).toHaveLength(3);
    expect(() => compileProjections([named('a'), accounts, named('a')])).toThrow(
      'Metrics name: its table "a" is that of Metrics too; rename one.',
    );
  });

  it('keep tables of their own', () => {
    expect(() => compileProjections([accounts, named('accounts_users')])).toThrow(
      'Metrics name: its table "accounts_users" is that of Accounts too',
    );
  });
});
