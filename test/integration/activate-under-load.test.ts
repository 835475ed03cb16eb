import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { differences } from '../support/oracle.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const database = useDatabase('file');
let live: Reprise;
let next: Reprise;

beforeAll(async () => {
  live = await createTestApp({ databaseUrl: database.url, example });
  await live.setUp();
  await live.runner.start();
  next = await createTestApp({ databaseUrl: database.url, example, version: 2 });
});

afterAll(async () => {
  await next.close();
  await live.close();
});

test('a version that nobody runs yet is activated while the live one is never still', async () => {
  const stop = new AbortController();
  // Small and without a pause: at any moment the live version has just committed something that the
  // new one lacks.
  const publishing = (async () => {
    for (let seed = 1; !stop.signal.aborted; seed += 1) {
      await publishAll(live, example, exampleEvents(20, seed));
    }
  })();
  try {
    await next.versions.rebuild('user_metrics');
    expect(await next.versions.activate('user_metrics')).toMatchObject({
      version: 2,
      previousVersion: 1,
    });
  } finally {
    stop.abort();
    await publishing;
  }
  await next.runner.start();
  await expect
    .poll(async () => (await next.status()).find(({ version }) => version === 2)?.lagRecords)
    .toBe(0n);
  expect(await differences(next, example)).toEqual([]);
});
