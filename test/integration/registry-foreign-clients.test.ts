import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RegistryServer } from '../../src/registry/registry-server.ts';
import type { Reprise } from '../../src/reprise.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import {
  type ClientReport,
  confluentPython,
  type ForeignClient,
  franzGo,
  runClient,
} from '../support/foreign-clients.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { startTestRegistry } from '../support/registry-server.ts';
import { useDatabase } from '../support/test-database.ts';

const OURS = 60;
const THEIRS = 70;
const auth = { users: [{ username: 'ann', password: 'secret' }], tokens: ['t0ken'] };
const python = await confluentPython();
const franz = await franzGo();

/** User, minute, events in it, highest value. */
type Row = readonly [string, number, number, number];

/** The rows that the events make, counted anew here. */
function rowsOf(events: ClientReport['events']): readonly Row[] {
  const made = new Map<string, Row>();
  for (const [, user, , value, atMs] of events) {
    const minute = Math.floor(atMs / 60_000) * 60_000;
    const [, , count, highest] = made.get(`${user} ${minute}`) ?? [user, minute, 0, value];
    made.set(`${user} ${minute}`, [user, minute, count + 1, Math.max(highest, value)]);
  }
  return [...made.values()].sort(inOrder);
}

function inOrder(a: Row, b: Row): number {
  return a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? -1 : 1;
}

/** We write, they write on the same topic, they read all of it, our projection reads all of it. */
function converse(client: ForeignClient | undefined, brokers: readonly string[]) {
  const example = exampleOn(uniqueTopic('foreign'));
  const Metrics = example.metricsOf(1);
  const published = exampleEvents(OURS);
  const database = useDatabase('file');
  let registry: RegistryServer;
  let app: Reprise;
  let report: ClientReport;

  beforeAll(async () => {
    registry = await startTestRegistry(database.url, { auth });
    app = await createReprise({
      projections: [Metrics],
      events: [example.event],
      database: { type: 'url', url: database.url },
      log: { type: 'kafka', brokers: [...brokers] },
      registry: { type: 'confluent', url: registry.url, username: 'ann', password: 'secret' },
      // Confluent's default: one history judges what all of them write.
      subjects: { '*': 'topicName' },
      logLevel: 'silent',
    });
    await app.setUp();
    await publishAll(app, example, published);
    const work = { first: 1_000, count: THEIRS, total: OURS + THEIRS };
    const { topic } = example;
    if (client === undefined) return;
    report = await runClient(client, { brokers, registryUrl: registry.url, topic, ...work });
  });
  afterAll(async () => {
    await app.close();
    await registry.close();
  });

  test('they read what we wrote, and we read what they wrote', async () => {
    const ours = report.events.filter(([id]) => published.some(({ eventId }) => eventId === id));
    expect(ours).toEqual(
      published
        .map(({ eventId, userId, action, value, occurredAt }) => [
          eventId,
          userId,
          action,
          value,
          occurredAt.getTime(),
          userId,
        ])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    expect(report.events.length).toBe(OURS + THEIRS);
    await app.runner.start();
    await caughtUp();
    expect(await rows()).toEqual(rowsOf(report.events));
    expect(await app.status()).toMatchObject([{ deadLetters: 0n, lagRecords: 0n }]);
  });

  async function caughtUp(): Promise<void> {
    const { partitions } = (await app.log.describe([example.topic])).get(example.topic) ?? {};
    for (const { partition, stableEndOffset } of partitions ?? []) {
      const position = { topic: example.topic, partition, offset: stableEndOffset - 1n };
      if (stableEndOffset > 0n) await app.readModels.waitFor(Metrics, position);
    }
  }

  async function rows(): Promise<readonly Row[]> {
    const found = await app.readModels.query(Metrics);
    return found
      .map(
        (row): Row => [
          row.user_id,
          row.window_start.getTime(),
          Number(row.events),
          Number(row.highest),
        ],
      )
      .sort(inOrder);
  }

  return { report: () => report, topic: example.topic };
}

describeKafka("clients of Confluent's registry", (brokers) => {
  describe.skipIf(python === undefined)('in Python, by Confluent', () => {
    const { report, topic } = converse(python, brokers);
    test('are told by our registry what Confluent would tell them', () => {
      const subject = `${topic}/admin é`;
      expect(report().said).toEqual({
        sameId: true,
        types: ['AVRO'],
        byId: true,
        listed: true,
        versions: [1, 2],
        latest: 2,
        lookup: 1,
        subjectsById: [subject],
        versionsById: [[subject, 1]],
        referencedBy: 1,
        compatible: [true, false],
        compatibleWithAll: false,
        incompatible: [409, 409],
        invalid: [422, 42201],
        unknownSubject: [404, 40401],
        unknownVersion: [404, 40402],
        unknownId: [404, 40403],
        unauthorized: [401, 401],
        referenced: [422, 42206],
        setLevel: 'NONE',
        level: 'NONE',
        noLevel: [404, 40408],
        globalLevel: 'BACKWARD_TRANSITIVE',
        deletedConfig: 'NONE',
        setMode: 'READONLY',
        mode: 'READONLY',
        readOnly: [422, 42205],
        deletedMode: 'READONLY',
        globalMode: 'READWRITE',
        contexts: ['.'],
        deletedVersion: 1,
        left: [2],
        deletedSubject: [2],
        deletedForGood: [1, 2],
        goneFromList: true,
      });
    });
  });

  describe.skipIf(franz === undefined)('in Go, franz-go', () => {
    const { report } = converse(franz, brokers);
    test('are told by our registry what Confluent would tell them', () => {
      expect(report().said).toEqual({
        versions: [1, 2],
        lookup: 1,
        usages: 1,
        types: 1,
        compatible: [true, false],
        messages: 2,
        incompatible: [409, 409],
        unknownSubject: [404, 40401],
        unknownId: [404, 40403],
        level: 'FULL',
        mode: 'READONLY',
        readOnly: [422, 42205],
        reset: 'READONLY',
        left: [2],
        withDeleted: [1, 2],
        deleted: [2],
        deletedForGood: [1, 2],
      });
    });
  });
});
