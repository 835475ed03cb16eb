import { compileFunction } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeWithHeader } from '../../../../src/avro/decode/confluent-header.ts';
import { createEventDecoder } from '../../../../src/avro/decode/event-decoder.ts';
import { eventFields } from '../../../../src/avro/decode/event-fields.ts';
import { createFieldDecoder } from '../../../../src/avro/decode/field-decoder.ts';
import { readerSource } from '../../../../src/avro/decode/reader-source.ts';
import { parseRecordSchema, parseSchema } from '../../../../src/avro/schema/parse-schema.ts';
import { defineAvroEvent } from '../../../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../../../src/event/event-definition.ts';
import { isRepriseError } from '../../../../src/reprise-error.ts';
import { Random } from '../../../support/avro/random.ts';
import { randomBytes } from '../../../support/avro/random-bytes.ts';
import { randomRecord } from '../../../support/avro/schema-generator.ts';
import { mutated } from '../../../support/avro/schema-mutation.ts';
import { batchOf, expected, plain } from '../decoding.ts';
import { type Outcome, recordOf, resolutionPairs } from '../resolution-pairs.ts';

type Json = Readonly<Record<string, unknown>>;

interface Pair {
  readonly event: EventDefinition<Record<string, unknown>>;
  readonly writer: string;
  /** The fields that the columns hold. */
  readonly fields: readonly string[];
}

function pairOf(reader: Json, writer: unknown, requested: (name: string) => boolean): Pair {
  const schema = JSON.stringify(reader);
  const all = eventFields(parseRecordSchema(schema, 'reader'));
  const usable = all.filter(({ name, type }) => type.kind !== 'other' && requested(name));
  return {
    event: defineAvroEvent({ name: 'Thing', topic: 't', fields: all, schema }),
    writer: JSON.stringify(writer),
    fields: usable.map(({ name }) => name),
  };
}

/** The three ways in which a record is read; each gives values, or the code of its failure. */
function readersOf({ event, writer, fields }: Pair) {
  const decoder = createEventDecoder(event);
  const columnar = createFieldDecoder({ event: event as EventDefinition, fields });
  decoder.resolve(1, writer);
  columnar.resolve(1, writer);
  return {
    wholly(bytes: Buffer): Outcome {
      try {
        const value = decoder.decode(bytes);
        return { values: fields.map((name) => expected(value[name])) };
      } catch (error) {
        return { code: codeOf(error) };
      }
    },
    byColumns(bytes: Buffer): Outcome {
      const { columns, failures } = columnar.decode(batchOf([bytes]));
      const [failure] = failures;
      if (failure !== undefined) return { code: codeOf(failure.error) };
      return { values: columns.map((column) => plain(column, 0)) };
    },
    isGenerated: generated({ event, writer, fields }),
  };
}

function codeOf(error: unknown): string {
  if (isRepriseError(error)) return error.code;
  throw error;
}

/** Whether generated code takes a record; what it does not take goes to the columns. */
function generated({ event, writer, fields }: Pair): (value: Buffer) => boolean {
  const options = { event: event as EventDefinition, fields, schemaText: writer };
  const source = readerSource(options);
  if (source === null) return () => false;
  const body = `let at = 5; records: { ${source}\n return at === end; } return false;`;
  const run = compileFunction(body, ['bytes', 'view', 'end']) as (...given: unknown[]) => boolean;
  return (value) =>
    run(value, new DataView(value.buffer, value.byteOffset, value.length), value.length);
}

/** What people also do to a schema, and Avro does not forgive. */
function disturbed(random: Random, schema: Json): Json {
  const choice = random.below(8);
  if (choice === 0) {
    const named = random.pick(['E', 'H', 'F', 'G', 'S', 'T']);
    return JSON.parse(JSON.stringify(schema).replaceAll(`.${named}"`, '.Other"')) as Json;
  }
  const fields = schema['fields'] as readonly Json[];
  const names = ['a', 'b', 'c', 'n.a'];
  const aliases = [random.pick(names), random.pick(names)];
  const at = choice < 3 ? random.below(fields.length) : -1;
  return { ...schema, fields: fields.map((one, i) => (i === at ? { ...one, aliases } : one)) };
}

describe('a record of another schema', () => {
  it('reads the same by columns and as a whole, whatever is requested', () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(fc.noShrink(fc.nat(2 ** 31 - 1)), (seed) => {
        const random = new Random(seed);
        const one = randomRecord(random, random.below(2) === 0 ? 'verdicts' : 'values');
        const other = disturbed(random, mutated(random, one));
        const [reader, writer] = random.below(3) === 0 ? [one, other] : [other, one];
        const union = random.below(10) === 0 ? ['null', writer] : writer;
        const [pair, type] = pairOrNone(reader, union, () => random.below(2) === 0);
        if (pair === null) return;
        const { wholly, byColumns, isGenerated } = readersOf(pair);
        for (let n = 0; n < 4; n += 1) {
          const bytes = encodeWithHeader(1, randomBytes(random, type));
          const whole = wholly(bytes);
          const shown = `${pair.event.schemaText} ${pair.writer} ${bytes.toString('hex')}`;
          expect(byColumns(bytes), shown).toEqual(whole);
          count('code' in whole ? whole.code : 'read');
          if (isGenerated(bytes)) {
            expect(whole, shown).toHaveProperty('values');
            count('generated');
          }
        }
      }),
      { numRuns: 1_000 },
    );
    for (const what of ['read', 'generated', 'INCOMPATIBLE_SCHEMA', 'DECODE_FAILED']) {
      expect.soft(seen.get(what), what).toBeGreaterThan(20);
    }
  });
});

/** A pair with the parsed writer; none if one of the two is no schema. */
function pairOrNone(reader: Json, writer: unknown, requested: (name: string) => boolean) {
  try {
    const type = parseSchema(JSON.stringify(writer), 'writer');
    const pair = pairOf(reader, writer, requested);
    createEventDecoder(pair.event);
    return [pair, type] as const;
  } catch (error) {
    if (!isRepriseError(error, 'SCHEMA_INVALID')) throw error;
    return [null, { kind: 'null', logical: null }] as const;
  }
}

describe.each(resolutionPairs)('$name', ({ written, read, bytes, outcome }) => {
  it('is read as Java reads it, by columns and as a whole', () => {
    const pair = pairOf(recordOf(read), recordOf(written), (name) => name !== 'z');
    const value = encodeWithHeader(1, Buffer.from(bytes));
    const { wholly, byColumns } = readersOf(pair);
    expect(wholly(value)).toEqual(outcome);
    expect(byColumns(value)).toEqual(outcome);
  });
});
