import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { Example } from '../support/example-app.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import type { Operator } from '../support/remedies.ts';
import { createOperator, remedy } from '../support/remedies.ts';
import { testConfig } from '../support/test-config.ts';
import { createUnmigratedDatabase, useDatabase } from '../support/test-database.ts';

const example: Example = exampleOn('user-actions');
const database = useDatabase('test');
let operator: Operator;
let one: RepriseConfig;
let two: RepriseConfig;

beforeEach(async () => {
  operator = createOperator();
  one = testConfig({ databaseUrl: database.url, example });
  two = testConfig({ databaseUrl: database.url, example, version: 2 });
});

afterEach(async () => {
  await operator.close();
});

async function startOne(): Promise<void> {
  const app = await operator.start(one);
  await publishAll(app, example, exampleEvents(100));
  await operator.expectRunning(one);
}

describe('what a command refuses', () => {
  remedy(
    'REBUILD_REFUSED',
    'a version that is built is raised, rebuilt and activated',
    async () => {
      await startOne();
      const message = await operator.fail(one, 'rebuild user_metrics', 'REBUILD_REFUSED');
      expect(message).toContain('raise its version to 2');
      await operator.succeed(two, 'rebuild user_metrics');
      await operator.start(two);
      await operator.succeed(two, 'activate user_metrics');
      await operator.expectRunning(two);
    },
  );

  remedy('VERSION_NOT_RAISED', 'the version is raised and rebuilt as it says', async () => {
    await startOne();
    const changed = {
      ...one,
      projections: [example.metricsOf(1, { size: '2 minutes' })],
    };
    const message = await operator.fail(changed, 'run', 'VERSION_NOT_RAISED');
    const raised = { ...one, projections: [example.metricsOf(2, { size: '2 minutes' })] };
    await operator.obey(message, raised);
    await operator.start(raised);
    await operator.succeed(raised, 'activate user_metrics');
    await operator.expectRunning(raised);
  });

  remedy('ACTIVATE_REFUSED', 'a version that is not built is built', async () => {
    await startOne();
    const message = await operator.fail(two, 'activate user_metrics', 'ACTIVATE_REFUSED');
    await operator.obey(message, two);
    const next = await operator.fail(two, 'activate user_metrics', 'ACTIVATE_REFUSED');
    await operator.obey(next, two);
    await operator.succeed(two, 'activate user_metrics');
    await operator.expectRunning(two);
  });

  remedy('ROLLBACK_REFUSED', 'a version that is behind catches up once its code runs', async () => {
    await startOne();
    await operator.endInstances();
    await operator.succeed(two, 'rebuild user_metrics');
    await operator.succeed(two, 'activate user_metrics');
    const next = await operator.start(two);
    await publishAll(next, example, exampleEvents(100, 2));
    await operator.expectRunning(two);
    const message = await operator.fail(two, 'rollback user_metrics --force', 'ROLLBACK_REFUSED');
    expect(message).toContain('version 1 is 100 records behind');
    expect(message).toContain('reprise run');
    await operator.start(one);
    await expect
      .poll(async () => (await operator.type(two, 'rollback user_metrics')).exitCode, {
        timeout: 60_000,
      })
      .toBe(0);
    await operator.expectRunning(one);
  });

  remedy('RETIRE_REFUSED', 'an active version is retired once another is active', async () => {
    await startOne();
    expect(await operator.fail(one, 'retire user_metrics 1', 'RETIRE_REFUSED')).toContain(
      'it is active',
    );
    await operator.succeed(two, 'rebuild user_metrics');
    await operator.start(two);
    await operator.succeed(two, 'activate user_metrics');
    await operator.succeed(two, 'retire user_metrics 1');
    await operator.expectRunning(two);
  });

  remedy('DROP_REFUSED', 'a projection that runs is stopped first', async () => {
    await startOne();
    const message = await operator.fail(one, 'drop user_metrics --force', 'DROP_REFUSED');
    expect(message).toMatch(/reprise stop \S+/);
    await operator.endInstances();
    await operator.succeed(one, 'drop user_metrics --force');
    await operator.start(one);
    await operator.expectRunning(one);
  });

  remedy('VERIFY_REFUSED', 'a version that is not there is built, then verified', async () => {
    await startOne();
    await operator.fail(two, 'verify user_metrics', 'VERIFY_REFUSED');
    await operator.succeed(two, 'rebuild user_metrics');
    expect(await operator.succeed(two, 'verify user_metrics')).toContain('equal to the byte');
  });

  remedy('VERIFY_REFUSED', 'dev --exit names what to build where it cannot catch up', async () => {
    await startOne();
    await operator.endInstances();
    const printed = await operator.fail(two, 'dev --exit', 'VERIFY_REFUSED');
    await operator.obey(printed.slice(printed.indexOf('error VERIFY_REFUSED')), two);
    await operator.expectRunning(two);
    await operator.endInstances();
    expect(await operator.succeed(two, 'dev --exit')).toContain('user_metrics');
  });

  remedy('NOT_MIGRATED', 'the tables are created as it says', async () => {
    const empty = await createUnmigratedDatabase();
    const config = testConfig({ databaseUrl: empty.url, example });
    const message = await operator.fail(config, 'status', 'NOT_MIGRATED');
    await operator.obey(message, config);
    await operator.start(config);
    await operator.expectRunning(config);
    await operator.endInstances();
    await empty.drop();
  });

  remedy('DATABASE_NEWER', 'an older process is refused, and the newer one works', async () => {
    await startOne();
    await sql(database.url, `insert into reprise.migrations (name) values ('9999-later-breaking')`);
    expect(await operator.fail(one, 'migrate', 'DATABASE_NEWER')).toContain('9999-later-breaking');
    await sql(database.url, `delete from reprise.migrations where name = '9999-later-breaking'`);
    await operator.succeed(one, 'migrate');
    await operator.expectRunning(one);
  });
});

describe('what a name or a configuration lacks', () => {
  remedy('UNKNOWN_PROJECTION', 'the message names those there are', async () => {
    await startOne();
    const message = await operator.fail(one, 'verify user_metric', 'UNKNOWN_PROJECTION');
    const [, name = ''] = /declared are: (\w+)/.exec(message) ?? [];
    await operator.succeed(one, `verify ${name}`);
  });

  remedy('UNKNOWN_INSTANCE', 'the message names those that run', async () => {
    await startOne();
    const message = await operator.fail(one, 'stop nobody', 'UNKNOWN_INSTANCE');
    const [, name = ''] = /Running instances: (\S+)\./.exec(message) ?? [];
    expect(await operator.succeed(one, `stop ${name}`)).toContain(name);
  });

  remedy('UNKNOWN_DEAD_LETTER', 'dlq list shows those there are', async () => {
    await startOne();
    const line = 'dlq show user_metrics user-actions[0]@99999';
    await operator.obey(await operator.fail(one, line, 'UNKNOWN_DEAD_LETTER'), one);
  });

  remedy(
    'UNKNOWN_TOPIC',
    'the event is added to the configuration, and the start creates it',
    async () => {
      const message = await operator.fail({ ...one, events: [] }, 'run', 'UNKNOWN_TOPIC');
      expect(message).toContain('Add its event to "events"');
      await operator.start(one);
      await operator.expectRunning(one);
    },
  );

  remedy('CONFIG_INVALID', 'the message names the key', async () => {
    const wrong = { ...one, topicPartition: 3 } as RepriseConfig;
    const message = await operator.fail(wrong, 'status', 'CONFIG_INVALID');
    const [, key = ''] = /did you mean "(\w+)"/.exec(message) ?? [];
    const right = { ...one, [key]: 3 } as RepriseConfig;
    await operator.start(right);
    await operator.expectRunning(right);
  });

  remedy('DEFINITION_INVALID', 'the message names class and step', async () => {
    const Wrong = class Wrong extends example.metricsOf(1) {
      override readonly version = 0;
    };
    const wrong = { ...one, projections: [Wrong] } as RepriseConfig;
    expect(await operator.fail(wrong, 'status', 'DEFINITION_INVALID')).toMatch(
      /Wrong.*version.*0 is not a whole number from 1/,
    );
    await operator.start(one);
    await operator.expectRunning(one);
  });
});
