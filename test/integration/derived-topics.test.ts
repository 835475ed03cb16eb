import { afterEach, beforeEach, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { randomFrom, seed } from '../support/fault-run.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { settled } from '../support/settled.ts';
import { useDatabase } from '../support/test-database.ts';
import type { TwoStages } from '../support/two-stages.ts';
import { openStages, twoStages, visitsOf } from '../support/two-stages.ts';
import { expectAsOneStage } from '../support/two-stages-oracle.ts';

onEveryLog(`a second stage (seed ${seed})`, (log) => {
  const database = useDatabase('test');
  let stages: TwoStages;
  let app: Reprise;

  beforeEach(async () => {
    stages = twoStages(uniqueTopic('stages'));
    app = await openStages(stages, { databaseUrl: database.url, ...log });
    await app.setUp();
  });
  afterEach(async () => {
    await app.close();
  });

  async function publishVisits(count: number): Promise<void> {
    const visits = visitsOf(count, randomFrom(seed));
    await Promise.all(visits.map((visit) => app.publisher.publish(stages.visits, visit)));
  }

  test('counts everything while the first catches up, and nothing late, as one stage would', async () => {
    await publishVisits(6_000);
    await app.runner.start();
    await settled(app);
    await expectAsOneStage(app, stages, database.url);
    await app.runner.stop();
  }, 120_000);
});
