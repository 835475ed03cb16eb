import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { bundled } from '../support/bundled-program.ts';
import { startProgram } from '../support/child-process.ts';
import { onEveryLog } from '../support/every-log.ts';
import { isLongRun, randomFrom, seed } from '../support/fault-run.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { settled } from '../support/settled.ts';
import { useDatabase } from '../support/test-database.ts';
import type { TwoStages } from '../support/two-stages.ts';
import { openStages, readSeconds, twoStages, visitsOf } from '../support/two-stages.ts';
import { expectAsOneStage } from '../support/two-stages-oracle.ts';

/** Kills, one after the other, each at a later append. */
const KILLS = isLongRun ? 20 : 2;
const VISITS = isLongRun ? 20_000 : 3_000;

onEveryLog(`a relay that is killed between append and deletion (seed ${seed})`, (log) => {
  const database = useDatabase('test');
  let stages: TwoStages;
  let app: Reprise;
  let env: Record<string, string>;

  beforeEach(async () => {
    const name = uniqueTopic('killed');
    stages = twoStages(name);
    app = await openStages(stages, { databaseUrl: database.url, ...log });
    await app.setUp();
    env = { REPRISE_TEST_URL: database.url, REPRISE_TEST_NAME: name };
    if (log.brokers !== undefined) env['REPRISE_TEST_BROKERS'] = log.brokers.join(',');
  });
  afterEach(async () => {
    await app.close();
  });

  test(`${KILLS} times publishes again, and the second stage counts each event once`, async () => {
    const visits = visitsOf(VISITS, randomFrom(seed));
    const share = Math.ceil(VISITS / KILLS);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const part = visits.slice(kill * share, (kill + 1) * share);
      await Promise.all(part.map((visit) => app.publisher.publish(stages.visits, visit)));
      const killed = startProgram(await bundled('test/faults/stages-process.ts'), {
        ...env,
        REPRISE_FAILPOINT: 'relay:appended',
        REPRISE_FAILPOINT_AFTER: String(kill % 3),
      });
      expect(await killed.exited, killed.output()).toBeNull();
    }
    await app.runner.start();
    await settled(app);
    const found = await readSeconds(app, stages);
    const ids = new Set(found.map(({ id }) => id));
    console.log(`${found.length} records of ${ids.size} events`);
    expect(found.length).toBeGreaterThan(ids.size);
    await expectAsOneStage(app, stages, database.url);
    await app.runner.stop();
  }, 600_000);
});
