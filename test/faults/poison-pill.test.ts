import { afterEach, beforeEach, expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { Reprise } from '../../src/reprise.ts';
import { bundled } from '../support/bundled-program.ts';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const EVENTS = 2_000;
const PILL = 700;
/**
 * Each policy costs seven processes: all of them with REPRISE_TEST_PILLS=skip,quarantineKey,fail.
 */
const POLICIES = (process.env['REPRISE_TEST_PILLS'] ?? 'quarantineKey').split(',');
const database = useDatabase('test');
let app: Reprise;

beforeEach(async () => {
  app = await createReprise({
    projections: [],
    events: [example.event],
    database: { type: 'url', url: database.url },
    topicPartitions: 1,
    logLevel: 'silent',
  });
  await app.setUp();
});

afterEach(async () => {
  await app.close();
});

interface Outcome {
  readonly n: number;
  readonly letters: number;
  readonly waiting: number;
  readonly error: string | null;
  readonly isAtEnd: boolean;
}

async function outcome(): Promise<Outcome | null> {
  const [row] = await sql<Outcome>(
    database.url,
    `select (select coalesce(sum(n), 0)::int from public.counts) as n,
       (select count(*)::int from reprise.dead_letters where quarantine is distinct from 'waiting') as letters,
       (select count(*)::int from reprise.dead_letters where quarantine = 'waiting') as waiting,
       (select error from reprise.tasks) as error,
       (select next_offset = ${EVENTS} from reprise.checkpoints) as "isAtEnd"`,
  ).catch(() => []);
  return row ?? null;
}

/**
 * Starts the process again whenever it ended, until it is through. @returns how many processes
 * ended
 */
async function supervise(policy: string): Promise<{ deaths: number; last: ChildProcess }> {
  for (let deaths = 0; ; deaths += 1) {
    const env = { REPRISE_TEST_URL: database.url, REPRISE_TEST_POLICY: policy };
    const last = startProgram(await bundled('test/faults/pill-process.ts'), env);
    for (;;) {
      const now = await Promise.race([last.exited.then(() => 'ended' as const), outcome()]);
      if (now === 'ended') break;
      if (now?.isAtEnd === true || now?.error?.startsWith('POISON_PILL')) return { deaths, last };
    }
    expect(deaths).toBeLessThan(15);
  }
}

test.each(POLICIES)(
  'a record that ends every process is recognised, and %s decides; its neighbours are folded once',
  async (policy) => {
    const events = exampleEvents(EVENTS).map((event, i) => ({
      ...event,
      value: i === PILL ? 1e9 : 1,
    }));
    const after = events.slice(PILL + 1);
    const ofItsKey = after.filter(({ userId }) => userId === events[PILL]?.userId).length;
    await publishAll(app, example, events);
    const { deaths, last } = await supervise(policy);
    console.log(`${policy}: ${deaths} processes ended`);
    last.kill('SIGTERM');
    await last.exited;
    const expected = {
      skip: { n: EVENTS - 1, letters: 1, waiting: 0 },
      quarantineKey: { n: EVENTS - 1 - ofItsKey, letters: 1, waiting: ofItsKey },
      fail: { n: PILL, letters: 0, waiting: 0, error: expect.stringMatching(/^POISON_PILL/) },
    }[policy];
    expect(await outcome()).toMatchObject(expected ?? {});
  },
);
