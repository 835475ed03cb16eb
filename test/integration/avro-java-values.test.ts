import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { checkCompatibility } from '../../src/avro/compatibility/check-compatibility.ts';
import { encodeWithHeader } from '../../src/avro/decode/confluent-header.ts';
import { createEventDecoder } from '../../src/avro/decode/event-decoder.ts';
import { eventFields } from '../../src/avro/decode/event-fields.ts';
import { createFieldDecoder } from '../../src/avro/decode/field-decoder.ts';
import { parseRecordSchema } from '../../src/avro/schema/parse-schema.ts';
import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import { isRepriseError } from '../../src/reprise-error.ts';
import { canonicalValue } from '../support/avro/canonical-value.ts';
import {
  type Answer,
  askJava,
  avroClassPath,
  type JavaValue,
  type Question,
} from '../support/avro/java-oracle.ts';
import { Random } from '../support/avro/random.ts';
import { randomRecord } from '../support/avro/schema-generator.ts';
import { mutated } from '../support/avro/schema-mutation.ts';
import { batchOf, expected, plain } from '../unit/avro/decoding.ts';
import { recordOf, resolutionPairs } from '../unit/avro/resolution-pairs.ts';

const classPath = await avroClassPath();
const seed = Number(process.env['REPRISE_TEST_SEED'] ?? Date.now() % 1_000_000);
const wanted = Number(process.env['REPRISE_TEST_VALUES'] ?? 20_000);
const perPair = 4;

/** Pairs that can be read: a schema and what became of it. */
function readablePairs(random: Random): Question[] {
  const pairs: Question[] = [];
  // A quarter more, for values that Java refuses one by one.
  while (pairs.length * perPair < wanted * 1.25) {
    const writer = randomRecord(random, 'values');
    const pair = { writer, reader: mutated(random, writer) };
    if (isMovedAndRenamed(pair.reader)) continue;
    try {
      if (!checkCompatibility(pair).compatible) continue;
    } catch (error) {
      if (isRepriseError(error, 'SCHEMA_INVALID')) continue;
      throw error;
    }
    pairs.push({ ...pair, seed: random.below(2 ** 31), count: perPair });
  }
  return pairs;
}

/**
 * A record in another namespace with a renamed field: Java's checker says that the alias holds, and
 * Java's reader forgets it and takes the default. We keep the checker's promise (ADR 0021), so
 * there is nothing to compare.
 */
function isMovedAndRenamed(reader: Readonly<Record<string, unknown>>): boolean {
  const text = JSON.stringify(reader);
  return text.includes('"name":"other.') && text.includes('"name":"y"');
}

function decoders(pair: Question) {
  const schema = JSON.stringify(pair.reader);
  const reader = parseRecordSchema(schema, 'reader');
  const fields = eventFields(reader);
  const event = defineAvroEvent<Record<string, unknown>>({ name: 'E', topic: 't', fields, schema });
  const columns = fields.filter((field) => field.type.kind !== 'other').map(({ name }) => name);
  const whole = createEventDecoder(event);
  const named = createFieldDecoder({ event, fields: columns });
  whole.resolve(1, JSON.stringify(pair.writer));
  named.resolve(1, JSON.stringify(pair.writer));
  return { reader, whole, named, columns };
}

interface Outcome {
  readonly equal: number;
  readonly refused: number;
  readonly disagreements: readonly string[];
}

function compare(pair: Question, answer: Answer): Outcome {
  const { reader, whole, named, columns } = decoders(pair);
  const disagreements: string[] = [];
  let [equal, refused] = [0, 0];
  for (const { hex, value, refused: reason } of answer.values ?? []) {
    const bytes = encodeWithHeader(1, Buffer.from(hex, 'hex'));
    if (reason !== undefined) {
      refused += 1;
      continue;
    }
    try {
      const event = whole.decode(bytes);
      const ours = canonicalValue(reader, event);
      const decoded = named.decode(batchOf([bytes]));
      const inColumns = decoded.columns.map((column) => plain(column, 0));
      const inEvent = columns.map((name) => expected(event[name]));
      if (isDeepStrictEqual(ours, value) && isDeepStrictEqual(inColumns, inEvent)) equal += 1;
      else
        disagreements.push(
          JSON.stringify({
            pair,
            hex,
            java: value,
            ours,
            inColumns: inColumns.map(String),
            failures: decoded.failures.map(String),
          }),
        );
    } catch (error) {
      disagreements.push(JSON.stringify({ pair, hex, java: value, error: String(error) }));
    }
  }
  return { equal, refused, disagreements };
}

describe.skipIf(classPath === undefined)(`random values, seed ${seed}`, () => {
  test(`${wanted} values that Java wrote are read alike by Java, by events and by columns`, async () => {
    const pairs = readablePairs(new Random(seed));
    const answers = await askJava(classPath ?? '', pairs);
    const outcomes = pairs.map((pair, index) => compare(pair, answers[index] as Answer));
    const disagreements = outcomes.flatMap((outcome) => outcome.disagreements);
    const sum = (of: (outcome: Outcome) => number) =>
      outcomes.reduce((total, one) => total + of(one), 0);
    console.log(
      `equal ${sum((one) => one.equal)}, refused by Java ${sum((one) => one.refused)}, other ${disagreements.length}`,
    );
    expect(disagreements.slice(0, 5)).toEqual([]);
    expect(sum((one) => one.equal)).toBeGreaterThanOrEqual(wanted);
  });
});

/** What Java, events and columns make of a value; a refusal is null. */
function readings(pair: Question, { hex, value, refused }: JavaValue) {
  const { reader, whole, named } = decoders(pair);
  const bytes = encodeWithHeader(1, Buffer.from(hex, 'hex'));
  const events = () => {
    try {
      return canonicalValue(reader, whole.decode(bytes));
    } catch {
      return null;
    }
  };
  const isRead = named.decode(batchOf([bytes])).failures.length === 0;
  return { java: refused === undefined ? value : null, events: events(), isRead };
}

describe.skipIf(classPath === undefined)('named pairs', () => {
  test('are read or refused by Java, by events and by columns alike', async () => {
    const pairs = resolutionPairs.map(({ written, read }) => {
      return { writer: recordOf(written), reader: recordOf(read), seed: 1, count: 8 };
    });
    const answers = await askJava(classPath ?? '', pairs);
    pairs.forEach((pair, index) => {
      const name = resolutionPairs[index]?.name;
      expect(answers[index]?.values, name).toHaveLength(8);
      for (const answer of answers[index]?.values ?? []) {
        const { java, events, isRead } = readings(pair, answer);
        expect({ name, events, isRead }).toEqual({ name, events: java, isRead: java !== null });
      }
    });
  });
});
