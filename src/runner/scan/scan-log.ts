import { schemaIdAt } from '../../avro/decode/claims-record.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { EventLog, ReadPosition } from '../../log/event-log.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { sliceBatch } from '../../log/slice-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { createProgress } from '../rebuild/progress-meter.ts';
import { ScanReader } from './scan-reader.ts';
import type { ScanOptions, ScanProgress, ScanReport } from './scan-report.ts';
import { SchemaCounts } from './schema-counts.ts';

/** What a scan reads, and for which projections. */
export interface ScanSource {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly plans: readonly Plan[];
  /** The events whose topics are read. */
  readonly events: readonly EventDefinition[];
}

/**
 * Reads the topics of events from the start of the log to its current stable end. Decodes every
 * record as each projection that reads its topic would: the fields that it names, and, once for
 * each schema, the whole event if user functions receive it. Writes nothing.
 * @throws UNKNOWN_TOPIC, LOG_UNAVAILABLE, REGISTRY_UNAVAILABLE; the signal's reason when it aborts
 */
export async function scanLog(source: ScanSource, options: ScanOptions = {}): Promise<ScanReport> {
  const startedMs = performance.now();
  const { signal, onProgress } = options;
  const topics = [...new Set(source.events.map(({ topic }) => topic))];
  const positions = await wholeTopics(source.log, topics);
  const total = positions.reduce((sum, one) => sum + Number(one.untilOffset - one.offset), 0);
  const progress = progressOf(total, onProgress);
  const scan = new Scan(source);
  const ends = new Map(positions.map((one) => [partitionName(one), Number(one.untilOffset)]));
  const reading =
    positions.length === 0 ? [] : source.log.read(positions, signal ? { signal } : {});
  for await (const batch of reading) {
    const within = before(batch, ends.get(partitionName(batch)) ?? 0);
    await scan.read(within);
    progress.add(within.count);
  }
  signal?.throwIfAborted();
  progress.phase('done');
  const { counts } = scan;
  const schemas = counts.finished(scan.texts);
  return {
    records: schemas.reduce((sum, one) => sum + one.records, counts.tombstones),
    tombstones: counts.tombstones,
    schemas,
    isReadable: schemas.every(({ unreadable }) => unreadable.length === 0),
    seconds: (performance.now() - startedMs) / 1000,
  };
}

class Scan {
  readonly counts = new SchemaCounts();
  /** By schema id: the schema, or the error why it is unknown. */
  readonly texts = new Map<number, string | Error>();
  readonly #registry: SchemaRegistry;
  readonly #readers: readonly ScanReader[];
  readonly #avroTopics: ReadonlySet<string>;

  constructor({ registry, plans, events }: ScanSource) {
    this.#registry = registry;
    this.#readers = plans.map((plan) => new ScanReader(plan));
    const avro = events.filter(({ format }) => format === 'avro');
    this.#avroTopics = new Set(avro.map(({ topic }) => topic));
  }

  async read(batch: RecordBatch): Promise<void> {
    // Ids are unsigned, four bytes.
    const ids = new Float64Array(batch.count).fill(-1);
    if (this.#avroTopics.has(batch.topic)) {
      for (let i = 0; i < batch.count; i += 1) ids[i] = schemaIdAt(batch, i);
    }
    for (const id of new Set(ids)) if (id >= 0) await this.#resolve(id);
    const readers = this.#readers.filter((reader) => reader.reads(batch.topic));
    for (let i = 0; i < batch.count; i += 1) {
      this.counts.add(batch, i, {
        schemaId: ids[i] as number,
        isPassedOver: readers.length > 0 && readers.every((reader) => reader.isForeign(batch, i)),
      });
    }
    for (const reader of readers) reader.check(batch, ids, this.counts);
  }

  async #resolve(schemaId: number): Promise<void> {
    if (this.texts.has(schemaId)) return;
    const text = await this.#registry.schemaById(schemaId).catch((error: unknown) => {
      if (isRepriseError(error, 'UNKNOWN_SCHEMA_ID')) return error;
      throw error;
    });
    this.texts.set(schemaId, text);
    for (const reader of this.#readers) reader.resolve(schemaId, text);
  }
}

type BoundedPosition = ReadPosition & { readonly untilOffset: bigint };

async function wholeTopics(
  log: EventLog,
  topics: readonly string[],
): Promise<readonly BoundedPosition[]> {
  if (topics.length === 0) return [];
  const described = await log.describe(topics);
  return [...described.values()].flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ startOffset, stableEndOffset }) => startOffset < stableEndOffset)
      .map(({ partition, startOffset, stableEndOffset }) => ({
        topic,
        partition,
        offset: startOffset,
        untilOffset: stableEndOffset,
      })),
  );
}

/**
 * Returns the records of a batch before an offset: records appended since the scan began do not
 * count.
 */
function before(batch: RecordBatch, untilOffset: number): RecordBatch {
  if (batch.nextOffset <= untilOffset) return batch;
  let until = batch.count;
  while (until > 0 && (batch.offsets[until - 1] as number) >= untilOffset) until -= 1;
  const { firstOffset } = batch;
  return sliceBatch(batch, { from: 0, until }, { firstOffset, nextOffset: untilOffset });
}

function progressOf(total: number, onProgress: ScanOptions['onProgress']) {
  const report =
    onProgress &&
    ((progress: ScanProgress) => {
      const { records, totalRecords, recordsPerSecond, etaSeconds } = progress;
      onProgress({ records, totalRecords, recordsPerSecond, etaSeconds });
    });
  return createProgress({ name: 'scan', version: 0 }, total, report);
}

function partitionName({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}) {
  return `${partition} ${topic}`;
}
