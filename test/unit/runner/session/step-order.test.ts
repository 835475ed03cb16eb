import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordBatch } from '../../../../src/log/record-batch.ts';
import { StepOrder } from '../../../../src/runner/session/step-order.ts';
import type { JournalEntry } from '../../../../src/runner/store/journal-entry.ts';
import type { TopicCheckpoint } from '../../../../src/runner/store/task-key.ts';

type Log = Readonly<Record<string, readonly number[]>>;

/** Records of one topic with the given timestamps, from an offset on. */
function batchOf(topic: string, from: number, timestamps: readonly number[], end: number) {
  const count = timestamps.length;
  return new RecordBatch(
    {
      topic,
      partition: 0,
      firstOffset: from,
      nextOffset: from + count,
      leaderEpoch: -1,
      stableEndOffset: end,
      appendTime: false,
    },
    Buffer.alloc(0),
    {
      count,
      offsets: Float64Array.from({ length: count }, (_, i) => from + i),
      timestampsMs: Float64Array.from(timestamps),
      keyStart: new Int32Array(count).fill(-1),
      keyEnd: new Int32Array(count),
      valueStart: new Int32Array(count).fill(-1),
      valueEnd: new Int32Array(count),
    },
  );
}

function startAt(log: Log, position: Readonly<Record<string, number>>, ends = position) {
  const checkpoints = new Map(
    Object.keys(log).map((topic): [string, TopicCheckpoint] => [
      topic,
      {
        topic,
        topicId: topic,
        nextOffset: BigInt(position[topic] ?? 0),
        lastOffset: (position[topic] ?? 0) === 0 ? null : 0n,
        lastLeaderEpoch: null,
        lastRecordHash: null,
        maxEventTimeMs: null,
      },
    ]),
  );
  const endOffsets = new Map(
    Object.keys(log).map((topic): [string, bigint] => [topic, BigInt(ends[topic] ?? 0)]),
  );
  return { checkpoints, endOffsets };
}

/** What happened, in order: records as `topic@offset`, ticks as `tick`. */
function drain(order: StepOrder, happened: string[], journal: JournalEntry[]): void {
  for (let step = order.next(); step !== null; step = order.next()) {
    if (step.kind === 'tick') happened.push(`tick ${step.quietMs}`);
    else if (step.kind === 'journal') journal.push(step.entry);
    else if (step.kind === 'batch') {
      for (let i = 0; i < step.batch.count; i += 1) {
        happened.push(`${step.batch.topic}@${step.batch.offsets[i]}`);
      }
    }
  }
}

/**
 * A live run: records become visible and are read in the given portions, with restarts; then a
 * replay with its journal, read in other portions.
 */
function liveRun(log: Log, portions: readonly Portion[]) {
  const happened: string[] = [];
  const journal: JournalEntry[] = [];
  const position: Record<string, number> = {};
  let order = new StepOrder([], startAt(log, {}));
  for (const { topic, length, then } of portions) {
    const from = position[topic] ?? 0;
    const timestamps = (log[topic] ?? []).slice(from, from + length);
    if (timestamps.length > 0) {
      order.push(batchOf(topic, from, timestamps, from + timestamps.length));
      position[topic] = from + timestamps.length;
    }
    if (then !== 'read on') drain(order, happened, journal);
    if (then === 'restart') order = new StepOrder(journal, startAt(log, position));
  }
  drain(order, happened, journal);
  return { happened, journal, position };
}

function replay(log: Log, live: ReturnType<typeof liveRun>, portion: number) {
  const happened: string[] = [];
  const ends = live.position;
  const order = new StepOrder(live.journal, startAt(log, {}, ends));
  const position: Record<string, number> = {};
  let more = true;
  while (more) {
    more = false;
    for (const topic of Object.keys(log)) {
      const from = position[topic] ?? 0;
      const end = ends[topic] ?? 0;
      const timestamps = (log[topic] ?? []).slice(from, Math.min(end, from + portion));
      if (timestamps.length === 0) continue;
      order.push(batchOf(topic, from, timestamps, end));
      position[topic] = from + timestamps.length;
      more = true;
      drain(order, happened, []);
    }
  }
  return happened;
}

interface Portion {
  readonly topic: string;
  readonly length: number;
  readonly then: 'read on' | 'fold' | 'restart';
}

const timestamps = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 15 });
const portions = fc.array(
  fc.record({
    topic: fc.constantFrom('a', 'b'),
    length: fc.integer({ min: 1, max: 4 }),
    then: fc.constantFrom('read on' as const, 'fold' as const, 'restart' as const),
  }),
  { maxLength: 30 },
);

describe('the order in which a task folds several topics', () => {
  test('a replay with the journal of a live run folds in the same order, however it is read', () => {
    fc.assert(
      fc.property(
        timestamps,
        timestamps,
        portions,
        fc.integer({ min: 1, max: 20 }),
        (a, b, parts, portion) => {
          const log = { a, b };
          const live = liveRun(log, parts);
          expect(replay(log, live, portion)).toEqual(live.happened);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('every record is folded once, in offset order of its topic', () => {
    fc.assert(
      fc.property(timestamps, timestamps, portions, (a, b, parts) => {
        const { happened, position } = liveRun({ a, b }, parts);
        for (const topic of ['a', 'b']) {
          const expected = Array.from({ length: position[topic] ?? 0 }, (_, i) => `${topic}@${i}`);
          expect(happened.filter((each) => each.startsWith(topic))).toEqual(expected);
        }
      }),
    );
  });

  test('records that come in the order of their timestamps need no journal; one that does not, does', () => {
    const log = { a: [1, 3, 5, 7], b: [2, 4, 6] };
    const inOrder: Portion[] = [
      { topic: 'a', length: 1, then: 'fold' },
      { topic: 'b', length: 1, then: 'fold' },
      { topic: 'a', length: 1, then: 'fold' },
      { topic: 'b', length: 1, then: 'fold' },
    ];
    expect(liveRun(log, inOrder)).toMatchObject({
      happened: ['a@0', 'b@0', 'a@1', 'b@1'],
      journal: [],
    });
    const overtaking: Portion[] = [
      { topic: 'b', length: 1, then: 'fold' },
      { topic: 'a', length: 1, then: 'fold' },
    ];
    const nextOffsets = new Map([
      ['a', 0n],
      ['b', 1n],
    ]);
    expect(liveRun(log, overtaking)).toMatchObject({
      happened: ['b@0', 'a@0'],
      journal: [{ kind: 'step', nextOffsets }],
    });
  });

  test('a topic with records still to come is waited for', () => {
    const order = new StepOrder([], startAt({ a: [], b: [] }, {}, { a: 2, b: 1 }));
    order.push(batchOf('a', 0, [5, 6], 2));
    expect(order.next()).toBeNull();
    expect(order.isDrained).toBe(false);
    order.push(batchOf('b', 0, [1], 1));
    const happened: string[] = [];
    drain(order, happened, []);
    expect(happened).toEqual(['b@0', 'a@0', 'a@1']);
  });
});

describe('the order of one topic', () => {
  test('a tick of the journal happens at its offset, in the middle of a batch', () => {
    const journal: JournalEntry[] = [
      { kind: 'tick', nextOffsets: new Map([['a', 2n]]), quietMs: 10_000 },
    ];
    const order = new StepOrder(journal, startAt({ a: [] }, {}));
    order.push(batchOf('a', 0, [1, 2, 3], 3));
    const happened: string[] = [];
    drain(order, happened, []);
    expect(happened).toEqual(['a@0', 'a@1', 'tick 10000', 'a@2']);
  });

  test('a tick behind the position is not repeated; one at the position is', () => {
    const tick = (offset: bigint): JournalEntry => ({
      kind: 'tick',
      nextOffsets: new Map([['a', offset]]),
      quietMs: Number(offset),
    });
    const order = new StepOrder([tick(1n), tick(2n)], startAt({ a: [] }, { a: 2 }));
    const happened: string[] = [];
    drain(order, happened, []);
    expect(happened).toEqual(['tick 2']);
  });
});
