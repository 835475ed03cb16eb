import { spawn } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { AppendError } from '../../src/log/append-error.ts';
import type { AppendRecord, EventLog } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { LogRecord } from '../../src/log/record-batch.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { answers } from '../support/maven-jars.ts';

const hasKcat = process.env['REPRISE_REQUIRE_KAFKA'] === '1' || (await answers('kcat', '-V'));
if (!hasKcat)
  process.stderr.write('NO KCAT: reading our batches with kcat is SKIPPED (Debian: kcat).\n');

describeKafka('what the Kafka log appends', (brokers) => {
  const log = createKafkaLog({ brokers });
  afterAll(() => log.close());

  async function newTopic(prefix: string, config: Record<string, string> = {}): Promise<string> {
    const topic = uniqueTopic(prefix);
    await log.ensureTopics([{ topic, partitions: 1, config }]);
    return topic;
  }

  test('may have null header values', async () => {
    const topic = await newTopic('null-header');
    const headers = [
      { key: 'nothing', value: null },
      { key: 'empty', value: Buffer.alloc(0) },
      { key: 'nothing', value: Buffer.from('something') },
    ];
    await log.append([{ topic, key: null, value: null, headers }]);
    expect((await recordsOf(log, topic))[0]?.headers).toEqual(headers);
  });

  test('comes in smaller batches where a topic allows only those, and in order', async () => {
    const topic = await newTopic('small', { 'max.message.bytes': '20000' });
    const records = numbered(topic, 1_000, 'x'.repeat(100));
    const positions = await log.append(records);
    expect(positions.map(({ offset }) => Number(offset))).toEqual(records.map((_, i) => i));
    const error = await log
      .append([{ topic, key: null, value: Buffer.alloc(30_000) }])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'APPEND_FAILED', retriable: false });
    const values = (await recordsOf(log, topic)).map(({ value }) => String(value));
    expect(values).toEqual(records.map(({ value }) => String(value)));
  });

  test('is refused record by record: the rest of the call is written', async () => {
    const topic = await newTopic('compacted', { 'cleanup.policy': 'compact' });
    const records = numbered(topic, 5, '');
    const keyed = records.map((record, i) => ({
      ...record,
      key: i === 2 ? null : Buffer.from('k'),
    }));
    const error = await log.append(keyed).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppendError);
    const { outcomes } = error as AppendError;
    expect(outcomes[2]).toMatchObject({ code: 'APPEND_FAILED', facts: { written: 'no' } });
    const offsets = outcomes.flatMap((one) => ('offset' in one ? [Number(one.offset)] : []));
    expect(offsets).toEqual([0, 1, 2, 3]);
  });

  test('goes to no partition that does not exist', async () => {
    const topic = await newTopic('partitions');
    const record = { topic, partition: 1, key: null, value: null };
    await expect(log.append([record])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });

  test('is refused with a timestamp that is none, before anything is sent', async () => {
    const topic = await newTopic('time');
    const [good] = numbered(topic, 1, '');
    if (good === undefined) throw new Error('no record');
    const bad = { ...good, timestampMs: Number.NaN };
    await expect(log.append([good, bad])).rejects.toMatchObject({ code: 'APPEND_FAILED' });
    expect(await recordsOf(log, topic)).toEqual([]);
  });

  test('keeps the order of calls that are made at once', async () => {
    const topic = await newTopic('calls');
    const records = numbered(topic, 300, '');
    await Promise.all(records.map((record) => log.append([record])));
    const values = (await recordsOf(log, topic)).map(({ value }) => String(value));
    expect(values).toEqual(records.map(({ value }) => String(value)));
  });

  test('is delivered before close, and refused after', async () => {
    const topic = await newTopic('closing');
    const own = createKafkaLog({ brokers });
    const sent = own.append(numbered(topic, 100, ''));
    await own.close();
    expect(await sent).toHaveLength(100);
    await expect(own.append(numbered(topic, 1, ''))).rejects.toMatchObject({ code: 'CLOSED' });
  });

  describe.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('in %s', (compression) => {
    const packing = createKafkaLog({ brokers, compression });
    afterAll(() => packing.close());

    test('is read back by us, and by librdkafka', async () => {
      const topic = await newTopic(compression);
      const records = numbered(topic, 3_000, 'abc'.repeat(20));
      await packing.append(records);
      const wanted = records.map(({ value }) => String(value));
      expect((await recordsOf(log, topic)).map(({ value }) => String(value))).toEqual(wanted);
      if (hasKcat) expect(await kcat(brokers, topic)).toEqual(wanted);
    });
  });
});

function numbered(topic: string, count: number, more: string): AppendRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: Buffer.from('k'),
    value: Buffer.from(`value-${i}${more}`),
    headers: [{ key: 'n', value: Buffer.from(`${i}`) }],
  }));
}

async function recordsOf(log: EventLog, topic: string): Promise<LogRecord[]> {
  const untilOffset = (await log.describe([topic])).get(topic)?.partitions[0]?.stableEndOffset;
  const records: LogRecord[] = [];
  const position = { topic, partition: 0, offset: 0n, untilOffset: untilOffset ?? 0n };
  for await (const batch of log.read([position])) {
    for (let i = 0; i < batch.count; i += 1) records.push(recordAt(batch, i));
  }
  return records;
}

function kcat(brokers: readonly string[], topic: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const args = ['-C', '-e', '-q', '-b', brokers.join(','), '-t', topic, '-o', 'beginning'];
    const child = spawn('kcat', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve(out.trimEnd().split('\n'))
        : reject(new Error(`kcat exited with ${String(code)}`)),
    );
  });
}
