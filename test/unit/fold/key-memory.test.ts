import { expect, test } from 'vitest';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { foldInterpreted } from '../../../src/fold/oracle/fold-interpreted.ts';
import { emptyKeyState } from '../../../src/fold/pattern/key-state.ts';
import { KeyStates } from '../../../src/fold/pattern/key-states.ts';
import { UNUSED_KEYS_MAX } from '../../../src/fold/rows/keys.ts';
import { rowObject } from '../../../src/fold/rows/to-column-values.ts';
import { batchOfRecords } from '../../../src/log/batch-of-records.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { count } from '../../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../../src/projection/declare/columns.ts';
import { begin, skipPastLastEvent } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import type { Projection } from '../../../src/projection/plan/projection.ts';
import { MemoryLog } from '../../../src/testing/memory-log.ts';
import { MemoryTask } from '../../../src/testing/memory-task.ts';
import { printed } from '../../support/scenario-laws.ts';
import { Read } from './readings-avro.ts';

const BASE = 1_700_000_040_000;
const ROUND = 2_500;
const ROUNDS = 82;
const KEYS = ROUND * ROUNDS;

const A = { where: { kind: 'A' } } as const;
const B = { where: { kind: 'B' } } as const;

/** Matches are held back while a partial match that began earlier is open. */
class Matches extends PatternProjection {
  readonly name: string = 'matches';
  readonly version: number = 1;
  define() {
    return this.from(Read)
      .key('user')
      .pattern(
        begin('a', A).followedBy('b', B).oneOrMore().within(400).afterMatch(skipPastLastEvent()),
        { lateness: 100 },
      );
  }
}

class Windows extends WindowedProjection {
  readonly name: string = 'windows';
  readonly version: number = 1;
  define() {
    return this.from(Read)
      .key('user')
      .window(tumbling(1_000), { lateness: 100, late: 'reject' })
      .measure({ reads: count() });
  }
}

class Sessions extends SessionProjection {
  readonly name: string = 'sessions';
  readonly version: number = 1;
  define() {
    return this.from(Read)
      .key('user')
      .session({ gap: 300, lateness: 100, late: 'reject' })
      .measure({ reads: count() });
  }
}

class Rows extends TableProjection {
  readonly name: string = 'rows';
  readonly version: number = 1;
  define() {
    return this.table(columns({ user: text().primaryKey(), reads: int() }))
      .key('user')
      .on(Read, (row, event) =>
        event.kind === 'C' ? null : { user: event.user, reads: (row?.reads ?? 0) + 1 },
      );
  }
}

interface Happened {
  readonly value: Read;
  readonly timestampMs: number;
}

function read(user: string, kind: Read['kind'], ms: number): Happened {
  const at = new Date(BASE + ms);
  return { value: { user, kind, value: 1, total: null, page: null, at }, timestampMs: BASE + 9e9 };
}

/** A second of events: new keys, ten that come in every round, and what each of them does. */
function roundOf(round: number): Happened[] {
  const from = round * 1_000;
  const happened: Happened[] = [];
  for (let i = 0; i < ROUND; i += 1) {
    const user = `once ${round} ${i}`;
    if (i % 3 === 0) happened.push(read(user, 'C', from + 50));
    else happened.push(read(user, 'A', from + 50));
    if (i % 3 === 2) happened.push(read(user, 'B', from + 60));
  }
  for (let i = 0; i < 10; i += 1) {
    // Two partial matches at once; held back, beyond the watermark, into the next round.
    for (const [kind, ms] of [
      ['A', 700],
      ['A', 710],
      ['B', 900],
      ['B', 950],
    ] as const) {
      happened.push(read(`back ${(i + round) % 10}`, kind, from + ms));
    }
  }
  return happened;
}

/** Keys that come once, and too late. */
function lateRound(round: number): Happened[] {
  return Array.from({ length: ROUND }, (_, i) =>
    read(`late ${round} ${i}`, 'A', round * 1_000 - 5e6),
  );
}

/** Folds rounds of events as a task does, flushed after each; once its process ends. */
function foldRounds(projection: Projection, rounds: readonly (readonly Happened[])[]) {
  const plan = compileProjection(projection);
  const log = new MemoryLog(1);
  const task = new MemoryTask(plan, 'live', log.schemaById);
  const most = { keys: 0, rows: 0, state: 0 };
  for (const [round, happened] of rounds.entries()) {
    const records = happened.map(({ value, timestampMs }) =>
      log.append(Read as EventDefinition, value, { timestamp: timestampMs }),
    );
    task.foldBatch(batchOfRecords(records));
    task.flush();
    most.keys = Math.max(most.keys, task.fold.keyCount);
    most.rows = Math.max(most.rows, task.fold.rowCount);
    most.state = Math.max(most.state, task.fold.stateSize);
    if (round === ROUNDS - 2) task.restart();
  }
  // The plain folds are slow: they get a part of the keys. In each round these move the watermark
  // as all do.
  const sampled = new Set(
    rounds.flatMap((happened) =>
      happened.flatMap(({ value: { user } }, i) =>
        i % 50 === 0 || user.startsWith('back') ? [user] : [],
      ),
    ),
  );
  const isSampled = ({ user }: { readonly user?: unknown }) => sampled.has(user as string);
  const stored = task.rowsOf(plan.table);
  const rows = Array.from({ length: stored.count }, (_, i) => rowObject(plan.table, stored, i));
  const records = rounds.flat().flatMap(({ value, timestampMs }, i) => {
    const record = { topic: Read.topic, partition: 0, offset: BigInt(i), timestampMs };
    return isSampled(value) ? [{ record, event: value, of: Read as EventDefinition }] : [];
  });
  const plain = foldInterpreted(plan, records).map(({ _partition, ...row }) => row);
  return { most, task, rows: printed(rows.filter(isSampled)), plain: printed(plain) };
}

const rounds = Array.from({ length: ROUNDS }, (_, round) => roundOf(round));
const lateRounds = [
  roundOf(0),
  ...Array.from({ length: 50 }, (_, round) => lateRound(round)),
  roundOf(1),
];

test(`a pattern forgets the keys that hold nothing, of ${KEYS}, and knows the others again`, () => {
  const { most, task, rows, plain } = foldRounds(new Matches(), rounds);
  expect(most.state).toBeLessThan(2 * ROUND + 10);
  expect(most.rows).toBe(most.state);
  expect(most.keys).toBeLessThan(UNUSED_KEYS_MAX + 4 * ROUND);
  expect(task.tables.get('matches__state')?.count).toBe(task.fold.stateSize);
  expect(rows.length).toBeGreaterThan(ROUNDS * 20);
  expect(rows).toEqual(plain);
});

test('a pattern forgets the instants that no key waits for any longer', () => {
  const plan = compileProjection(new Matches());
  const table = plan.tables[1]!;
  const states = new KeyStates({ keys: plan.keys, table, deadlineOf: () => 1e15 });
  const run = { last: null } as never;
  for (let i = 0; i <= UNUSED_KEYS_MAX; i += 1) {
    const keyId = states.keys.idOf([`u${i % 5}`]);
    states.keep(keyId, { ...emptyKeyState(), runs: [run] });
    states.keep(keyId, emptyKeyState());
  }
  expect(states.count).toBe(0);
  states.compact();
  expect(states.nextMs).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  ['windows', new Windows()],
  ['sessions', new Sessions()],
])('%s forget the keys of events that came too late for a row', (_, given) => {
  const { most, rows, plain } = foldRounds(given, lateRounds);
  expect(most.keys).toBeLessThan(UNUSED_KEYS_MAX + 6 * ROUND);
  expect(rows).toEqual(plain);
});

test(`a table keeps no more rows in memory than it may, of ${KEYS}, deleted ones included`, () => {
  const { most, rows, plain } = foldRounds(new Rows(), rounds);
  expect(KEYS).toBeGreaterThan(200_000);
  expect(most.rows).toBeLessThanOrEqual(200_000);
  expect(most.keys).toBe(most.rows);
  expect(rows).toEqual(plain);
});
