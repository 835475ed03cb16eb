import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { defineAvroEvent } from '../../../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../../../src/event/event-definition.ts';
import type { FieldType } from '../../../../src/event/field-type.ts';
import { foldInterpreted } from '../../../../src/fold/oracle/fold-interpreted.ts';
import type { FoldedRecord } from '../../../../src/fold/oracle/folded-record.ts';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import { count } from '../../../../src/projection/declare/aggregates.ts';
import {
  bigint,
  boolean,
  columns,
  int,
  text,
  timestamp,
} from '../../../../src/projection/declare/columns.ts';
import { begin } from '../../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../../src/projection/declare/windowed-projection.ts';
import { explainPlan } from '../../../../src/projection/plan/explain-plan.ts';
import { checkLaws } from '../../../../src/testing/check-laws.ts';
import { given } from '../../../../src/testing/given.ts';
import type { Happening } from '../../../../src/testing/happening.ts';
import { occurred, tombstone } from '../../../../src/testing/happening.ts';
import { scenario } from '../../../../src/testing/scenario.ts';
import { courses, expectSameHowever, printed } from '../../../support/scenario-laws.ts';
import { runs } from '../happenings.ts';
import { Other, Read, Second } from '../readings-avro.ts';

const users = columns({ user: text().primaryKey(), n: int(), gone: int() });
const pages = columns({ user: text().primaryKey(), page: text().primaryKey() });

/**
 * A table that deletes, one whose function says what is left, one of a longer key that ignores; on
 * two topics, one of them of two events.
 */
class Users extends TableProjection {
  readonly name = 'users';
  readonly version = 1;
  define() {
    return this.table(users)
      .onTombstone('delete')
      .key('user')
      .on(Read, (row, { user }) => ({ user, n: (row?.n ?? 0) + 1, gone: 0 }))
      .on(Other, (row, { user }) => ({ user, n: (row?.n ?? 0) + 100, gone: 0 }))
      .table('graves', users)
      .key('user')
      .on(Second, (row, { user }) => ({ user, n: (row?.n ?? 0) + 1, gone: row?.gone ?? 0 }))
      .onTombstone((row, { key }) => {
        if (row !== undefined && row.gone > 1) throw new Error('gone for good');
        return { user: String(key[0]), n: 0, gone: (row?.gone ?? 0) + 1 };
      })
      .table('pages', pages)
      .keys((event: Read) => [[event.user, event.page ?? '/']])
      .on(Read, (_row, event) => ({ user: event.user, page: event.page ?? '/' }))
      .onTombstone('ignore');
  }
}

const value = (user: string, page: string | null, at: number) => ({
  user,
  kind: 'A' as const,
  value: 1,
  total: null,
  page,
  at,
});

const happening: fc.Arbitrary<Happening> = fc
  .record({
    event: fc.constantFrom(Read, Second, Other),
    user: fc.constantFrom('u', 'v'),
    page: fc.constantFrom(null, '/a'),
    at: fc.integer({ min: 0, max: 400 }),
    isTombstone: fc.boolean(),
    partition: fc.constantFrom(0, 1),
  })
  .map(({ event, user, page, at, isTombstone, partition }) => {
    const place = { partition, timestamp: 400 };
    return isTombstone
      ? tombstone(event, user, place)
      : occurred(event, value(user, page, at), place);
  });

/** What happened, for the plain fold. */
function plainItems(log: readonly Happening[]): FoldedRecord[] {
  const offsets = new Map<string, bigint>();
  return log.flatMap((each): FoldedRecord[] => {
    if (each.kind === 'tick') return [];
    const { topic } = each.event;
    const partition = each.place.partition ?? 0;
    const place = `${topic}/${partition}`;
    const offset = offsets.get(place) ?? 0n;
    offsets.set(place, offset + 1n);
    const record = { topic, partition, offset, timestampMs: 400 };
    if (each.kind === 'tombstone') {
      return [
        { record: { ...record, key: Buffer.from(each.key ?? '') }, event: null, of: each.event },
      ];
    }
    const given = each.value as { readonly at: number };
    return [{ record, event: { ...given, at: new Date(given.at) }, of: each.event }];
  });
}

test('tombstones in tables are what the plain fold makes of them, and the same in every replay and division', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 25 }), courses, (log, course) => {
      const s = scenario(new Users(), { partitions: 2 }).play(...log);
      const plain = foldInterpreted(s.plan, plainItems(log));
      expect(printed(s.rows())).toEqual(printed(plain.map(({ _partition, ...row }) => row)));
      const { live, replayed, divided } = expectSameHowever(s, course);
      expect(replayed).toEqual(live);
      expect(divided).toEqual(live);
      const again = s.replay();
      for (const table of ['graves', 'pages']) expect(again.rows(table)).toEqual(s.rows(table));
    }),
    runs(100),
  );
});

test('the laws hold of a projection that answers tombstones', () => {
  checkLaws(new Users(), fc.array(happening, { maxLength: 10 }), { runs: 10 });
});

describe('a table', () => {
  it('refuses a tombstone where nothing is declared, and says what to declare', () => {
    class Silent extends TableProjection {
      readonly name = 'users';
      readonly version = 1;
      define() {
        return this.table(users)
          .key('user')
          .on(Read, (_row, { user }) => ({ user, n: 1, gone: 0 }));
      }
    }
    const s = scenario(new Silent());
    s.publish(Read, value('u', null, 0)).tombstone(Read, 'u');
    expect(s.rows()).toHaveLength(1);
    expect(s.deadLetters()).toMatchObject([{ reason: 'TOMBSTONE', offset: 1n, value: null }]);
    expect(s.deadLetters()[0]?.message).toMatch(
      /^reads\[0\]@1: .*users refuses.*\.onTombstone\('delete'\)/,
    );
    given(new Silent()).when(tombstone(Read, 'u')).then().deadLetters('TOMBSTONE');
  });

  it('deletes the row of the record key, a tombstone of which moves no event time', () => {
    given(new Users(), { partitions: 1 })
      .when(occurred(Read, value('u', null, 50)), occurred(Read, value('v', null, 60)))
      .when(tombstone(Read, 'u'), tombstone(Read, 'nobody'))
      .then([{ user: 'v' }]);
    const s = scenario(new Users()).publish(Read, value('u', null, 50));
    expect(s.tombstone(Other, 'u', { timestamp: 1e12 }).watermark(0)).toBe(50);
  });

  it('has no row for a tombstone without a key, or with one that is none of its column', () => {
    const s = scenario(new Users()).tombstone(Other, null).tombstone(Other, 'a\0');
    expect(s.deadLetters().map(({ reason }) => reason)).toEqual(['NULL_KEY', 'HANDLER_FAILED']);
  });

  const keyed = (type: FieldType, avro: string) =>
    defineAvroEvent<{ id: never }>({
      name: 'Keyed',
      topic: 'keyed',
      key: 'id',
      fields: [{ name: 'id', type, nullable: false }],
      schema: JSON.stringify({
        type: 'record',
        name: 'Keyed',
        fields: [{ name: 'id', type: avro }],
      }),
    });

  it.each([
    ['a long', keyed({ kind: 'long' }, 'long'), bigint(), [9007199254740993n, 7n]],
    ['an int', keyed({ kind: 'int' }, 'int'), int(), [-1, 7]],
    ['a boolean', keyed({ kind: 'boolean' }, 'boolean'), boolean(), [true, false]],
  ] as const)('finds rows by %s', (_name, event, column, [gone, kept]) => {
    class Keyed extends TableProjection {
      readonly name = 'keyed';
      readonly version = 1;
      define() {
        const table = this.table(columns({ id: column.primaryKey() }) as never);
        return table
          .onTombstone('delete')
          .key('id')
          .on(event as never, (_row, each: never) => each) as never;
      }
    }
    const s = scenario(new Keyed());
    for (const id of [gone, kept]) s.publish(event as EventDefinition, { id });
    s.tombstone(event as EventDefinition, String(gone));
    expect(s.rows()).toEqual([{ id: kept }]);
    s.tombstone(event as EventDefinition, 'x');
    expect(s.deadLetters()).toMatchObject([{ reason: 'HANDLER_FAILED' }]);
  });

  it('shows and fingerprints its answer', () => {
    const plans = (['delete', 'ignore', 'refuse', () => null, null] as const).map((answer) => {
      class Answering extends TableProjection {
        readonly name = 'users';
        readonly version = 1;
        define() {
          const keyed = this.table(users).key('user');
          const step = answer === null ? keyed : keyed.onTombstone(answer);
          return step.on(Read, (_row, { user }) => ({ user, n: 1, gone: 0 }));
        }
      }
      return compileProjection(new Answering());
    });
    const [deletes, ignores, refuses, calls, nothing] = plans.map(({ fingerprint }) => fingerprint);
    expect(new Set([deletes, ignores, refuses, calls]).size).toBe(4);
    expect(nothing).toBe(refuses);
    const texts = plans.map((plan) => new Map(explainPlan(plan)).get('tombstones'));
    expect(texts[0]).toEqual(['users: delete the row of the record key']);
    expect(texts[4]).toEqual(['users: refused']);
  });

  it.each([
    [
      'a longer primary key',
      /finds a row by the record key alone, and the primary key is \(user, page\)/,
      pages,
      'delete',
    ],
    [
      'an instant',
      /cannot read a record key as an instant/,
      columns({ at: timestamp().primaryKey() }),
      'delete',
    ],
    ['another answer', /takes 'delete', 'ignore', 'refuse' or a function/, users, 'drop'],
    ['an async function', /async/, users, async () => null],
  ] as const)('refuses %s when it is compiled', (_name, message, of, answer) => {
    class Wrong extends TableProjection {
      readonly name = 'wrong';
      readonly version = 1;
      define() {
        const table = this.table(of, { onePartition: true }) as never as ReturnType<
          typeof this.table<typeof users>
        >;
        const names = Object.keys(of === users ? { user: 1 } : of) as ['user'];
        return table.onTombstone(answer as 'delete').on(Read, { key: names }, (row) => row);
      }
    }
    expect(() => compileProjection(new Wrong())).toThrow(message);
  });
});

describe.each([
  [
    'windows',
    (answer: 'ignore' | 'refuse' | null) =>
      new (class extends WindowedProjection {
        readonly name = 'windows';
        readonly version = 1;
        define() {
          const from = this.from(Read);
          const step = answer === null ? from : from.onTombstone(answer);
          return step.key('user').window(tumbling(50)).measure({ n: count() });
        }
      })(),
  ],
  [
    'sessions',
    (answer: 'ignore' | 'refuse' | null) =>
      new (class extends SessionProjection {
        readonly name = 'sessions';
        readonly version = 1;
        define() {
          const from = this.from(Read);
          const step = answer === null ? from : from.onTombstone(answer);
          return step.key('user').session({ gap: 10 }).measure({ n: count() });
        }
      })(),
  ],
  [
    'patterns',
    (answer: 'ignore' | 'refuse' | null) =>
      new (class extends PatternProjection {
        readonly name = 'matches';
        readonly version = 1;
        define() {
          const from = this.from(Read);
          const step = answer === null ? from : from.onTombstone(answer);
          return step.key('user').pattern(begin('a'));
        }
      })(),
  ],
] as const)('%s', (_name, projection) => {
  it('pass tombstones over unless they are told to refuse them', () => {
    for (const answer of [null, 'ignore', 'refuse'] as const) {
      const s = scenario(projection(answer))
        .publish(Read, value('u', null, 0))
        .tombstone(Read, 'u');
      for (const each of [s, s.replay()]) {
        expect(each.rows()).toHaveLength(1);
        const reasons = each.deadLetters().map(({ reason }) => reason);
        expect(reasons).toEqual(answer === 'refuse' ? ['TOMBSTONE'] : []);
      }
    }
    const [ignores, refuses] = (['ignore', 'refuse'] as const).map((each) =>
      compileProjection(projection(each)),
    );
    expect(ignores?.fingerprint).not.toBe(refuses?.fingerprint);
    expect(ignores?.fingerprint).toBe(compileProjection(projection(null)).fingerprint);
    expect(new Map(explainPlan(refuses as never)).get('tombstones')).toEqual(['refused']);
  });
});
