import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { CommandLine } from '../support/command-line.ts';
import { createCommandLine } from '../support/command-line.ts';
import { onEveryLog } from '../support/every-log.ts';
import type { Example } from '../support/example-app.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { useDatabase } from '../support/test-database.ts';

const SEEN = columns({ userId: text().primaryKey(), action: text() });

onEveryLog('the status of projections of several topics', ({ brokers }) => {
  const database = useDatabase('test');
  let commandLine: CommandLine;
  let opened: Reprise[];
  let one: Example;
  let two: Example;
  let three: Example;

  beforeEach(async () => {
    commandLine = createCommandLine();
    opened = [];
    one = exampleOn(uniqueTopic('topic'));
    two = exampleOn(uniqueTopic('topic'));
    three = exampleOn(uniqueTopic('topic'));
  });

  afterEach(async () => {
    await Promise.all(opened.map((app) => app.close()));
    commandLine.close();
  });

  /** Reads two topics in version 1, a third one in version 2. */
  class Seen extends TableProjection {
    readonly name: string = 'seen';
    readonly version: number = 1;
    define() {
      return this.table(SEEN)
        .key('userId')
        .on(one.event, (_row, { userId, action }) => ({ userId, action }))
        .on(two.event, (_row, { userId, action }) => ({ userId, action }));
    }
  }

  class SeenElsewhere extends Seen {
    override readonly version = 2;
    override define() {
      return this.table(SEEN)
        .key('userId')
        .on(three.event, (_row, { userId, action }) => ({ userId, action })) as never;
    }
  }

  class Kept extends Seen {
    override readonly name = 'kept';
  }

  function configOf(...projections: RepriseConfig['projections'][number][]): RepriseConfig {
    return {
      projections,
      events: [one.event, two.event, three.event],
      database: { type: 'url', url: database.url },
      log: brokers === undefined ? { type: 'postgres' } : { type: 'kafka', brokers: [...brokers] },
      topicPartitions: 2,
      logLevel: 'silent',
    };
  }

  async function open(config: RepriseConfig): Promise<Reprise> {
    const app = await createReprise(config);
    opened.push(app);
    return app;
  }

  test('lag counts in every topic, before and after a task has begun, and each line names its topic', async () => {
    const app = await open(configOf(Seen));
    await app.setUp();
    await app.runner.start();
    await app.runner.stop();
    await publishAll(app, one, exampleEvents(30));
    await publishAll(app, two, exampleEvents(50));
    const [before] = await app.status();
    expect(before?.lagRecords).toBe(80n);
    expect(before?.tasks.map(({ topic, partition }) => `${partition} ${topic}`)).toEqual(
      [0, 1].flatMap((partition) =>
        [one.topic, two.topic].sort().map((topic) => `${partition} ${topic}`),
      ),
    );
    const { stdout } = await commandLine.type(configOf(Seen), ['status']);
    expect(stdout).toContain(`seen v1 [0] ${one.topic}`);
    expect(stdout).toContain(`seen v1 [1] ${two.topic}`);
    const next = await open(configOf(Seen));
    await next.runner.start();
    await vi.waitFor(async () => expect((await next.status())[0]?.lagRecords).toBe(0n), 30_000);
    await next.runner.stop();
    await publishAll(app, two, exampleEvents(7, 3));
    expect((await app.status())[0]?.lagRecords).toBe(7n);
  });

  test('an old version lags in the topics that it was compiled with', async () => {
    const app = await open(configOf(Seen));
    await app.setUp();
    await app.runner.start();
    await app.runner.stop();
    const next = await open(configOf(SeenElsewhere));
    await next.versions.rebuild('seen');
    await publishAll(app, one, exampleEvents(30));
    await publishAll(app, three, exampleEvents(5));
    expect((await next.status()).map(({ version, lagRecords }) => [version, lagRecords])).toEqual([
      [1, 30n],
      [2, 5n],
    ]);
  });

  test('a projection that is no longer declared is shown until it is dropped, and health does not count it', async () => {
    const app = await open(configOf(Seen, Kept));
    await app.setUp();
    await app.runner.start();
    await app.runner.stop();
    await publishAll(app, one, exampleEvents(10));
    const rest = configOf(Kept);
    const next = await open(rest);
    await next.runner.start();
    const statuses = await next.status();
    expect(statuses.map(({ name, isUndeclared }) => [name, isUndeclared])).toEqual([
      ['kept', false],
      ['seen', true],
    ]);
    expect(statuses[1]).toMatchObject({ state: 'active', lagRecords: 10n });
    expect(await next.health.check()).toMatchObject({ isReady: true, problems: [] });
    const { stdout } = await commandLine.type(rest, ['status']);
    expect(stdout).toContain('active, undeclared');
    expect(stdout).toContain('reprise drop seen');
    expect((await commandLine.type(rest, ['drop', 'seen'])).exitCode).toBe(0);
    expect((await next.status()).map(({ name }) => name)).toEqual(['kept']);
  });
});
