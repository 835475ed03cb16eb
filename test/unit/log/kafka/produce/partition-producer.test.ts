import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppendError } from '../../../../../src/log/append-error.ts';
import type { Position } from '../../../../../src/log/event-log.ts';
import { AppendCall } from '../../../../../src/log/kafka/produce/append-call.ts';
import {
  PartitionProducer,
  type ProducerParts,
} from '../../../../../src/log/kafka/produce/partition-producer.ts';
import { type Mishap, ScriptedBroker } from './scripted-broker.ts';

const topic = 'payments';

function producerOn(
  requests: ProducerParts['requests'],
  more: Partial<ProducerParts> = {},
): PartitionProducer {
  let ids = 0n;
  const parts: ProducerParts = {
    ids: { current: async () => ({ producerId: ids, epoch: 0 }), replace: () => void (ids += 1n) },
    leaders: {
      leaderOf: () => 1,
      isMissing: () => false,
      refresh: async () => {},
      forget: () => {},
    },
    requests,
    codec: async () => ({ id: 0, compress: (records) => records }),
    deliveryTimeoutMs: 60_000,
    rest: async () => {},
    signal: new AbortController().signal,
    note: () => {},
    ...more,
  };
  return new PartitionProducer({ topic, partition: 0 }, parts);
}

function append(producer: PartitionProducer, values: readonly string[]) {
  const call = new AppendCall(values.length, { startedAtMs: Date.now() });
  values.forEach((value, index) =>
    producer.push({ topic, key: null, value: Buffer.from(value) }, call, index),
  );
  return call.done;
}

/** An answer of the leader with a fixed error, then success at offset 0. */
function refusing(errorCode: number, refused: { index: number; reason: string }[] = []) {
  let asked = 0;
  const send: ProducerParts['requests']['send'] = async (_node, { partition }) => {
    asked += 1;
    const code = asked === 1 ? errorCode : 0;
    const baseOffset = code === 0 ? 0n : -1n;
    const answer = { topic, partition, errorCode: code, baseOffset, refused, reason: 'because' };
    return { kind: 'answered', answer };
  };
  return { send, asked: () => asked };
}

const mishaps: Mishap[] = [
  'none',
  'none',
  'unsent',
  'lost-before',
  'lost-after',
  'not-leader',
  'timed-out-after',
  'too-large',
];

describe('a partition under mishaps', () => {
  test('has every record once, in order, where its position says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...mishaps), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
        async (script, calls) => {
          const broker = new ScriptedBroker(beforeAmbiguity(script));
          const producer = producerOn({ send: (_node, batch) => broker.send(batch) });
          let next = 0;
          const sent = calls.map((size) =>
            Array.from({ length: size }, () => `value-${String(next++)}-${'x'.repeat(500)}`),
          );
          const positions: Position[] = [];
          for (const [nth, values] of sent.entries()) {
            const done = append(producer, values);
            done.catch(() => undefined);
            // Some calls wait for the one before, others come on top of it.
            if (nth % 2 === 0) await done;
            positions.push(...(nth % 2 === 0 ? await done : []));
          }
          await producer.idle();
          expect(broker.values).toEqual(sent.flat());
          for (const { offset } of positions) {
            expect(Number(offset)).toBeLessThan(broker.values.length);
          }
        },
      ),
    );
  });

  test('goes on under a new epoch when the broker forgot the producer', async () => {
    const broker = new ScriptedBroker(['none', 'forgets-producer', 'none', 'lost-after']);
    const producer = producerOn({ send: (_node, batch) => broker.send(batch) });
    for (const value of ['a', 'b', 'c', 'd']) await append(producer, [value]);
    expect(broker.values).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('a batch that fails', () => {
  test('says that it may have been written, and does not let the next one be taken for it', async () => {
    const broker = new ScriptedBroker(['none', 'lost-after']);
    const stop = new AbortController();
    const producer = producerOn(
      { send: (_node, batch) => broker.send(batch) },
      { signal: stop.signal },
    );
    await append(producer, ['a']);
    stop.abort();
    await expect(append(producer, ['b'])).rejects.toMatchObject({
      code: 'APPEND_FAILED',
      retriable: false,
      facts: { topic, partition: 0, written: 'maybe' },
    });
    await append(producer, ['c']);
    expect(broker.values).toEqual(['a', 'b', 'c']);
  });

  test('that was never sent may be appended again', async () => {
    const stop = new AbortController();
    stop.abort();
    const broker = new ScriptedBroker(['unsent']);
    const producer = producerOn(
      { send: (_node, batch) => broker.send(batch) },
      { signal: stop.signal },
    );
    await expect(append(producer, ['a'])).rejects.toMatchObject({
      code: 'APPEND_FAILED',
      retriable: true,
      facts: { written: 'no' },
    });
  });

  test('for one record leaves its neighbours alone', async () => {
    const { send } = refusing(87, [{ index: 1, reason: 'no key' }]);
    const error: unknown = await append(producerOn({ send }), ['a', 'b', 'c']).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(AppendError);
    const { outcomes } = error as AppendError;
    expect(outcomes[0]).toEqual({ topic, partition: 0, offset: 0n });
    expect(outcomes[1]).toMatchObject({
      code: 'APPEND_FAILED',
      message: expect.stringContaining('no key') as string,
    });
    expect(outcomes[2]).toEqual({ topic, partition: 0, offset: 1n });
  });

  test.each([
    ['a right that is missing', 29, { code: 'LOG_UNAUTHORIZED' }],
    ['another producer under the same id', 47, { code: 'APPEND_FAILED', facts: { written: 'no' } }],
    [
      'a repetition the broker cannot place',
      46,
      { code: 'APPEND_FAILED', facts: { written: 'yes' } },
    ],
    ['one record that is too large', 10, { code: 'APPEND_FAILED', retriable: false }],
    ['a timestamp out of range', 32, { code: 'APPEND_FAILED', retriable: false }],
  ])('by %s is not tried again', async (_what, errorCode, expected) => {
    const { send, asked } = refusing(errorCode);
    await expect(append(producerOn({ send }), ['a'])).rejects.toMatchObject(expected);
    expect(asked()).toBe(1);
  });

  test('because the topic is gone says so after some attempts', async () => {
    let asked = 0;
    const producer = producerOn({
      send: async (_node, { partition }) => {
        asked += 1;
        const answer = {
          topic,
          partition,
          errorCode: 3,
          baseOffset: -1n,
          refused: [],
          reason: null,
        };
        return { kind: 'answered', answer };
      },
    });
    await expect(append(producer, ['a'])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
    expect(asked).toBe(8);
  });
});

/**
 * A leader that refuses a batch for its size has not written it in an earlier attempt: that would
 * be another broker.
 */
function beforeAmbiguity(script: readonly Mishap[]): readonly Mishap[] {
  const ambiguous = (mishap: Mishap | undefined) =>
    mishap !== undefined && !['none', 'too-large', 'unsent'].includes(mishap);
  return script.map((mishap, at) =>
    mishap === 'too-large' && script.slice(0, at).some((earlier) => ambiguous(earlier))
      ? 'none'
      : mishap,
  );
}
