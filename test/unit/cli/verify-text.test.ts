import { expect, test } from 'vitest';
import { verifyText } from '../../../src/cli/commands/verify.ts';
import type { RowDifference, VerifyReport } from '../../../src/runner/verify/verify-report.ts';

const at = (offset: bigint) => ({ topic: 'payments', partition: 3, offset });
const row: RowDifference = {
  table: 'totals',
  partition: 3,
  key: { user_id: 'u1' },
  kind: 'different',
  columns: [{ name: 'total', live: 5, replayed: 4 }],
  records: [3n, 4n, 7n, 9n, 12n, 15n].map(at),
  ranges: [{ topic: 'payments', partition: 3, fromOffset: 3n, untilOffset: 101n }],
};
const report: VerifyReport = {
  name: 'totals',
  version: 1,
  records: 200,
  rows: 10n,
  differentRows: 2,
  differences: [row],
  offsets: [{ topic: 'payments', partition: 3, nextOffset: 200n }],
  seconds: 1,
};

test('a difference is told with the first records behind it, and the range of all', () => {
  expect(verifyText(report)).toBe(
    `totals v1: 200 records replayed, 10 rows compared: 2 differ.
  totals {"user_id":"u1"} [3] total is 5, replayed 4
    comes from payments[3]@3, payments[3]@4, payments[3]@7, payments[3]@9, payments[3]@12 …; all lie in payments[3]@3 to @100
  and 1 more
Replayed up to payments[3]@200.`,
  );
});

test('a row that no record makes is said to be one', () => {
  const surplus: RowDifference = { ...row, kind: 'surplus', columns: [], records: [], ranges: [] };
  expect(verifyText({ ...report, differences: [surplus] })).toContain(
    'is surplus: the replay does not have it\n    has no record in the log',
  );
});
