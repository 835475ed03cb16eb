import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bigint,
  columns,
  double,
  int,
  text,
  timestamp,
} from '../../../../src/projection/declare/columns.ts';
import { TableProjection } from '../../../../src/projection/declare/table-projection.ts';
import {
  courses,
  expectSameHowever,
  plainRows,
  play,
  printed,
} from '../../../support/scenario-laws.ts';
import { happenings, runs } from '../happenings.ts';
import { Other, Read, Second } from '../readings-avro.ts';

const pages = columns({
  user: text().primaryKey(),
  page: text().primaryKey(),
  reads: int(),
  lastValue: double(),
  name: text().nullable(),
});
const totals = columns({
  user: text().primaryKey(),
  name: text(),
  total: bigint().nullable(),
  seenAt: timestamp(),
});

/**
 * Creates, changes, deletes, fans out to two rows, looks another table up, and fails on some
 * events.
 */
class Pages extends TableProjection {
  readonly name = 'pages';
  readonly version = 1;
  define() {
    return this.table(pages)
      .table('totals', totals)
      .key('user')
      .on(Second, (row, event) => {
        if (event.kind === 'C') return null;
        if (event.total === 13n) throw new Error('unlucky');
        return {
          user: event.user,
          name: `${row?.name ?? event.user}.`,
          total: event.total ?? row?.total ?? null,
          seenAt: event.at,
        };
      })
      .main()
      .lookup('totals', 'user')
      .keys((event: Read) =>
        event.page === null
          ? []
          : [[event.user, event.page], ...(event.kind === 'A' ? [[event.user, '/'] as const] : [])],
      )
      .on(Read, (row, event, { key: [user, page], totals: known }) => ({
        user: String(user),
        page: String(page),
        reads: (row?.reads ?? 0) + 1,
        lastValue: event.value,
        name: known?.name ?? row?.name ?? null,
      }))
      .keys((event: Read) => [[event.user, event.page ?? '/']])
      .on(Other, (row, event) => (event.kind === 'A' ? null : row)) as never;
  }
}

test('tables are what the plain fold gives, and the same in every replay and division (laws 1, 2, 7)', () => {
  fc.assert(
    fc.property(happenings([Read, Second, Other]), courses, (log, course) => {
      const s = play(new Pages(), log);
      expect(printed(s.rows())).toEqual(printed(plainRows(s, log)));
      const { live, replayed, divided } = expectSameHowever(s, course);
      expect(replayed).toEqual(live);
      expect(divided).toEqual(live);
      const again = s.replay();
      expect(printed(again.rows('totals'))).toEqual(printed(s.rows('totals')));
    }),
    runs(400),
  );
});
