import { expect, it } from 'vitest';
import { createTaskFold } from '../../../src/fold/create-task-fold.ts';
import { changedRows, feed, startingAt } from './drive.ts';
import { planOf } from './plans.ts';
import { logOf, plain } from './readings.ts';
import { StoredTable } from './stored-table.ts';

it('gives the rows of a rebuild in the order of key and window, where keys have several', () => {
  const plan = planOf({
    keys: ['userId'],
    time: 'at',
    where: [],
    sizeMs: 1_000,
    offsetMs: 0,
    latenessMs: 0,
    measures: ['events'],
  });
  const fold = createTaskFold(plan, { clock: startingAt(null), mode: 'partial' });
  const users = ['c', 'b', 'a', 'b', 'c', 'a'];
  const readings = [5, 4, 1, 3, 0, 2].flatMap((second) =>
    users.map((userId) => ({
      event: { ...plain, userId, at: new Date(second * 1_000) },
      timestampMs: 5_000,
      gap: 0,
    })),
  );
  feed(fold, logOf(readings), new StoredTable(plan.table));
  const [rows] = changedRows(fold);
  const valuesOf = (name: string) => {
    const values = rows?.columns[plan.table.columns.findIndex((each) => each.name === name)];
    return values !== undefined && 'values' in values ? [...values.values] : [];
  };
  const seconds = [0, 1, 2, 3, 4, 5];
  expect(valuesOf('user_id')).toEqual(['a', 'b', 'c'].flatMap((user) => seconds.map(() => user)));
  expect(valuesOf('window_start')).toEqual(
    [...seconds, ...seconds, ...seconds].map((s) => s * 1_000),
  );
});
