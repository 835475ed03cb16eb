import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createEventEncoder } from '../../src/avro/decode/event-encoder.ts';
import { subjectOf } from '../../src/event/subject-of.ts';
import type { AppendRecord, Position } from '../../src/log/event-log.ts';
import type { Reprise } from '../../src/reprise.ts';
import { bundled } from '../support/bundled-program.ts';
import { startProgram } from '../support/child-process.ts';
import { randomFrom, seed } from '../support/fault-run.ts';
import { createHostileApp } from '../support/hostile-app.ts';
import { HOSTILITIES, type Reading, readingOn } from '../support/hostile-records.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { appendPacked, CODECS } from '../support/packed-records.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

/** Of them, half lie before the packed ones and half behind. */
const HOSTILE = 10_000;
const PARTITIONS = 2;
const MEMORY_MAX_MIB = 512;
/** Twice this unpacks to more than a batch may. */
const HALF_A_BOMB = Buffer.alloc(40 << 20);
const random = randomFrom(seed);

interface Letter {
  readonly projection: string;
  readonly place: string;
  readonly reason: string;
}

describeKafka(`hostile records (seed ${seed})`, (brokers) => {
  const topic = uniqueTopic('hostile');
  const reading = readingOn(topic);
  const encoder = createEventEncoder(reading);
  /** Of every hostile record, by its place: what it is, and the reasons that may be given. */
  const ledger = new Map<string, { readonly name: string; readonly reasons: readonly string[] }>();
  const good = new Map<string, number>();
  const database = useDatabase('file');
  let app: Reprise;

  beforeAll(async () => {
    app = await createHostileApp({ databaseUrl: database.url, brokers, topic });
    const config = { 'max.message.bytes': String(16 << 20) };
    await app.log.ensureTopics([{ topic, partitions: PARTITIONS, config }]);
    await app.setUp();
  });

  afterAll(async () => {
    await app.close();
  });

  const place = ({ partition, offset }: Pick<Position, 'partition' | 'offset'>) =>
    `${partition}@${offset}`;

  /** A good record after each five hostile ones. */
  async function writeRecords(): Promise<void> {
    const { id: schemaId } = await app.registry.latest(
      subjectOf({ topic, schemaText: reading.schemaText ?? '' }),
    );
    const records: AppendRecord[] = [];
    const hostile: (typeof HOSTILITIES)[number][] = [];
    for (let index = 0; index < HOSTILE / 2; index += 1) {
      const hostility = HOSTILITIES[index % HOSTILITIES.length] as (typeof HOSTILITIES)[number];
      const value = hostility.value({ random, schemaId, index });
      hostile[records.length] = hostility;
      records.push({ topic, key: Buffer.from(`hostile ${index % 50}`), value });
      if (index % 5 === 4) records.push(goodRecord(index, schemaId));
    }
    const positions = await app.log.append(records);
    positions.forEach((position, i) => {
      const found = hostile[i];
      if (found !== undefined) ledger.set(place(position), found);
    });
  }

  function goodRecord(index: number, schemaId: number): AppendRecord {
    const id = `good ${index % 20}`;
    good.set(id, (good.get(id) ?? 0) + 1);
    const event: Reading = {
      id,
      n: index,
      ok: true,
      at: new Date(Date.UTC(2026, 0, 1)),
      tree: { inner: { inner: null } },
      nothings: [null, null],
      hollows: [{}],
      blanks: [],
      names: ['a', 'b'],
      attributes: { constructor: 'x' },
      kind: 'A',
    };
    return { topic, key: Buffer.from(id), value: encoder.encode(event, schemaId) };
  }

  const packed: Position[] = [];

  async function writeBombs(): Promise<void> {
    for (const [name, codec] of Object.entries(CODECS)) {
      const values = [HALF_A_BOMB, Buffer.from('beside'), HALF_A_BOMB];
      for (const at of await appendPacked(brokers, { topic, partition: 0, codec }, values)) {
        packed.push(at);
        ledger.set(place(at), { name: `packed with ${name}`, reasons: ['BUDGET_EXCEEDED'] });
      }
    }
  }

  /**
   * The dead letters of a version are the hostile records, each with its reason; its rows count the
   * good ones.
   */
  async function expectAllTold(projection: string, version: number): Promise<void> {
    const letters = await sql<Letter>(
      database.url,
      `select projection, partition || '@' || "offset" as place, reason from reprise.dead_letters where projection = $1 and version = $2`,
      [projection, version],
    );
    const wrong = letters.filter(
      (letter) => !ledger.get(letter.place)?.reasons.includes(letter.reason),
    );
    expect(wrong.map((each) => ({ ...each, ...ledger.get(each.place) }))).toEqual([]);
    expect(letters.length).toBe(ledger.size);
    const rows = await sql<{ id: string; n: string }>(
      database.url,
      `select id, sum(n)::text as n from public.${projection}__v${version} group by id`,
    );
    expect(new Map(rows.map(({ id, n }) => [id, Number(n)]))).toEqual(good);
  }

  test('each is a dead letter with its reason, the good ones between are counted, and the process stays small', async () => {
    await writeRecords();
    await writeBombs();
    await writeRecords();
    const runner = startProgram(await bundled('test/faults/hostile-process.ts'), {
      REPRISE_TEST_URL: database.url,
      REPRISE_TEST_BROKERS: brokers.join(','),
      REPRISE_TEST_TOPIC: topic,
    });
    await runner.line('ready');
    const isAtEnd = vi.waitFor(
      async () => {
        const [row] = await sql<{ next: string; errors: string | null }>(
          database.url,
          `select (select sum(next_offset) from reprise.checkpoints) as next, (select string_agg(error, ' ') from reprise.tasks) as errors`,
        );
        expect(row?.errors).toBeNull();
        expect(Number(row?.next)).toBe(2 * (ledger.size + total(good)));
      },
      { timeout: 240_000, interval: 200 },
    );
    await Promise.race([isAtEnd, runner.exited]);
    runner.kill('SIGTERM');
    expect(await runner.exited, runner.output()).toBe(0);
    await isAtEnd;
    const memory = Number(/most memory: (\d+)/.exec(runner.output())?.[1]);
    console.log(`${ledger.size} hostile records (seed ${seed}): at most ${memory} MiB`);
    expect(memory).toBeLessThan(MEMORY_MAX_MIB);
    for (const projection of ['by_field', 'by_event']) await expectAllTold(projection, 1);
    const next = await createHostileApp({ databaseUrl: database.url, brokers, topic, version: 2 });
    await next.versions.rebuild('by_field').finally(() => next.close());
    await expectAllTold('by_field', 2);
    const offset = packed[1]?.offset ?? 0n;
    const { failed, redriven } = await app.deadLetters.redrive({
      projection: 'by_event',
      position: { topic, partition: 0, offset },
    });
    expect({ redriven, reasons: failed.map(({ reason }) => reason) }).toEqual({
      redriven: 0,
      reasons: ['BUDGET_EXCEEDED'],
    });
  }, 300_000);
});

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0);
}
