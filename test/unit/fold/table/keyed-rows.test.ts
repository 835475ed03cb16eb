import fc from 'fast-check';
import { columns, int, TableProjection, text } from 'reprise';
import { describe, expect, test } from 'vitest';
import { UserActed } from '../../../../schemas/index.ts';
import { ownRows } from '../../../../src/fold/rows/packed-column.ts';
import type { TableKey } from '../../../../src/fold/table/keyed-rows.ts';
import { KeyedRows } from '../../../../src/fold/table/keyed-rows.ts';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import { MemoryTable } from '../../../../src/testing/memory-table.ts';

class Values extends TableProjection {
  readonly name = 'values';
  readonly version = 1;
  define() {
    return this.table(columns({ userId: text().primaryKey(), n: int() }))
      .key('userId')
      .on(UserActed, (row) => row);
  }
}
const [plan] = compileProjection(new Values()).tables as [MemoryTable['plan']];

/** One record: what it does to some rows, in order, and whether it fails in the end. */
const record = fc.record({
  changes: fc.array(fc.record({ user: fc.nat(9), n: fc.option(fc.nat(3), { nil: null }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  fails: fc.boolean(),
});
const batches = fc.array(
  fc.record({
    records: fc.array(record, { minLength: 1, maxLength: 4 }),
    isFlushed: fc.boolean(),
  }),
  { maxLength: 12 },
);

describe('the rows of a table in memory', () => {
  test.each([
    ['that starts empty', true],
    ['of which nothing is known', false],
  ])('%s, with room for four, change the stored table as if each were in it', (_, startsEmpty) => {
    fc.assert(
      fc.property(batches, (given) => {
        const rows = new KeyedRows(plan, { startsEmpty, separatesAdded: true, rowsMax: 4 });
        const stored = new MemoryTable(plan);
        const model = new Map<string, number>();
        const keyOf = (user: number): TableKey => {
          const values = [`u${user}`];
          return { table: 0, values, text: rows.textOf(values) };
        };
        const flush = () => {
          const changes = rows.takeChanges();
          if (changes?.deleted) stored.delete(changes.deleted);
          if (changes) stored.upsert(ownRows(changes.rows));
          if (changes?.added) stored.add(changes.added);
          rows.evict();
          expect(rows.count).toBeLessThanOrEqual(4);
          expect(stored.cells().map(([user, n]) => [user, n])).toEqual(
            expect.arrayContaining([...model]),
          );
          expect(stored.count).toBe(model.size);
        };
        for (const { records, isFlushed } of given) {
          for (const { changes } of records) for (const { user } of changes) rows.want(keyOf(user));
          const missing = rows.takeWanted();
          if (missing !== null) {
            expect(rows.isComplete).toBe(false);
            rows.absorb(stored.load({ keys: missing }));
          }
          for (const { changes, fails } of records) {
            const before = new Map(model);
            for (const { user, n } of changes) {
              const key = keyOf(user);
              const [userId] = key.values as [string];
              expect(rows.get(key)).toEqual(
                model.has(userId) ? { userId, n: model.get(userId) } : null,
              );
              rows.set(key, n === null ? null : { userId, n });
              if (n === null) model.delete(userId);
              else model.set(userId, n);
            }
            if (!fails) rows.keep();
            else {
              rows.undo();
              model.clear();
              for (const [userId, n] of before) model.set(userId, n);
            }
          }
          if (isFlushed) flush();
        }
        flush();
      }),
    );
  });
});
