import { createEventDecoder } from '../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../src/avro/decode/event-encoder.ts';
import { eventFields } from '../src/avro/decode/event-fields.ts';
import { createFieldDecoder } from '../src/avro/decode/field-decoder.ts';
import { parseRecordSchema } from '../src/avro/schema/parse-schema.ts';
import { defineAvroEvent } from '../src/event/define-avro-event.ts';
import { RecordBatch } from '../src/log/record-batch.ts';
import { median } from './measure/median.ts';
import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';

/** How many values are decoded in a round, and how often. */
export interface DecodeBenchOptions {
  readonly events: number;
  readonly rounds: number;
}

type Event = Readonly<Record<string, unknown>>;

const fieldCount = 20;
const values = 1_000;
const types = ['string', 'double', 'int', { type: 'long', logicalType: 'timestamp-millis' }];

const schemaOf = (extra: readonly object[]): string => {
  const fields = Array.from({ length: fieldCount }, (_, at) => ({
    name: `field${at}`,
    type: types[at % types.length],
  }));
  return JSON.stringify({ type: 'record', name: 'Wide', fields: [...fields, ...extra] });
};

const eventOf = (schema: string) =>
  defineAvroEvent<Event>({
    name: 'Wide',
    topic: 'wide',
    fields: eventFields(parseRecordSchema(schema, 'bench')),
    schema,
  });

const written = schemaOf([]);
const evolved = schemaOf([{ name: 'added', type: ['null', 'string'], default: null }]);

function encoded(): readonly Buffer[] {
  const encoder = createEventEncoder(eventOf(written));
  return Array.from({ length: values }, (_, seed) => {
    const parts = [`user-${seed}-of-many`, seed * 1.25, seed, new Date(1.7e12 + seed)];
    const event = Array.from({ length: fieldCount }, (__, at) => [`field${at}`, parts[at % 4]]);
    return encoder.encode(Object.fromEntries(event) as Event, 1);
  });
}

function whole(readerSchema: string, records: readonly Buffer[]): () => void {
  const decoder = createEventDecoder(eventOf(readerSchema));
  decoder.resolve(1, written);
  return () => {
    for (const record of records) decoder.decode(record);
  };
}

function threeFields(records: readonly Buffer[]): () => void {
  const fields = ['field0', 'field9', 'field19'];
  const decoder = createFieldDecoder({ event: eventOf(evolved), fields });
  decoder.resolve(1, written);
  const batch = batchOf(records);
  return () => {
    if (decoder.decode(batch).failures.length > 0) throw new Error('a record failed to decode');
  };
}

function batchOf(records: readonly Buffer[]): RecordBatch {
  const ends = Int32Array.from(records, (_, at) =>
    records.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0),
  );
  const origin = {
    topic: 'wide',
    partition: 0,
    firstOffset: 0,
    nextOffset: records.length,
    leaderEpoch: 0,
    stableEndOffset: records.length,
    appendTime: false,
  };
  return new RecordBatch(origin, Buffer.concat(records), {
    count: records.length,
    offsets: Float64Array.from(records.keys()),
    timestampsMs: new Float64Array(records.length),
    keyStart: new Int32Array(records.length).fill(-1),
    keyEnd: new Int32Array(records.length),
    valueStart: Int32Array.from(ends, (_, at) => (at === 0 ? 0 : (ends[at - 1] as number))),
    valueEnd: ends,
  });
}

/**
 * Decodes events of 20 fields: whole under their own schema (`plain`), whole under a later one
 * (`resolved`), and three of the fields as columns. Rates count the CPU time of this process, which
 * other processes of a busy machine disturb little.
 */
export async function benchDecode(options: DecodeBenchOptions): Promise<BenchReport> {
  const records = encoded();
  const ways = {
    plain: whole(written, records),
    resolved: whole(evolved, records),
    threeOfTwenty: threeFields(records),
  };
  const rates: Record<string, number[]> = {};
  // The first round warms up and does not count.
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const [name, decodeAll] of Object.entries(ways)) {
      const rate = ratePerSecond(decodeAll, options.events);
      if (round > 0) (rates[name] ??= []).push(rate);
    }
  }
  const medians = Object.fromEntries(
    Object.entries(rates).map(([name, list]) => [name, median(list)]),
  );
  const { threeOfTwenty = 0, ...comparisons } = medians;
  return {
    bench: 'decode',
    events: options.events,
    eventsPerSecond: threeOfTwenty,
    rssMaxBytes: process.resourceUsage().maxRSS * 1024,
    comparisons,
    ratios: ratiosOf(threeOfTwenty, comparisons),
  };
}

function ratePerSecond(decodeAll: () => void, events: number): number {
  const before = process.cpuUsage();
  for (let done = 0; done < events; done += values) decodeAll();
  const { user, system } = process.cpuUsage(before);
  return (events * 1e6) / (user + system);
}
