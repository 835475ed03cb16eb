import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitBatch } from '../../../../src/log/slice-batch.ts';
import { withoutRepeats } from '../../../../src/runner/session/without-repeats.ts';
import { batchWithHeaders, headersOf } from '../../../support/published-batch.ts';

/**
 * What is appended to a partition: by a publisher, or another producer (null), and how many of its
 * last records are appended again after it.
 */
const appends = fc.array(
  fc.record({
    by: fc.constantFrom('p', 'q', null),
    ahead: fc.integer({ min: 1, max: 1_000 }),
    again: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(6), weight: 1 }),
  }),
  { minLength: 1, maxLength: 40 },
);
const cuts = fc.array(fc.nat(80), { maxLength: 6 });

/** The numbers of each publisher in the order of the log; `null`: no relay's. */
function logOf(of: readonly { by: string | null; ahead: number; again: number }[]) {
  const log: { readonly by: string | null; readonly sequence: number; readonly fresh: boolean }[] =
    [];
  const written = new Map<string, number[]>();
  for (const { by, ahead, again } of of) {
    if (by === null) {
      log.push({ by, sequence: 0, fresh: true });
      continue;
    }
    const numbers = written.get(by) ?? [];
    written.set(by, numbers);
    const sequence = (numbers.at(-1) ?? 0) + ahead;
    numbers.push(sequence);
    log.push({ by, sequence, fresh: true });
    for (const repeated of again === 0 ? [] : numbers.slice(-again)) {
      log.push({ by, sequence: repeated, fresh: false });
    }
  }
  return log;
}

test('each number of a publisher counts once, however the log is cut, and what no relay published always', () => {
  fc.assert(
    fc.property(appends, cuts, (given, at) => {
      const log = logOf(given);
      const whole = batchWithHeaders(
        't',
        100,
        log.map(({ by, sequence }) => ({
          value: Buffer.from('v'),
          timestampMs: 0,
          headers: by === null ? [] : headersOf(by, sequence, null),
        })),
      );
      const kept: number[] = [];
      let known: ReadonlyMap<string, number> | undefined;
      let rest = whole;
      const ends = at.filter((end) => end < log.length).map((end) => 100 + end);
      for (const end of [...ends.sort((a, b) => a - b), null]) {
        const [part, behind] = end === null ? [rest, rest] : splitBatch(rest, end);
        const fresh = withoutRepeats(part, known);
        expect(fresh.batch).toMatchObject({
          firstOffset: part.firstOffset,
          nextOffset: part.nextOffset,
        });
        kept.push(...fresh.batch.offsets);
        known = fresh.sequences;
        rest = behind;
      }
      expect(kept).toEqual(log.flatMap(({ fresh }, i) => (fresh ? [100 + i] : [])));
      const last = new Map<string, number>();
      for (const { by, sequence, fresh } of log) if (by !== null && fresh) last.set(by, sequence);
      expect(known ?? new Map()).toEqual(last);
    }),
  );
});

test('a batch without repetitions is handed on as it is', () => {
  const record = (sequence: number) => ({
    value: Buffer.from('v'),
    timestampMs: 0,
    headers: headersOf('p', sequence, null),
  });
  const batch = batchWithHeaders('t', 0, [record(1), record(2)]);
  expect(withoutRepeats(batch, new Map([['p', 0]])).batch).toBe(batch);
});
