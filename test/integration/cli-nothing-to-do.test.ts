import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { CommandLine, Ended } from '../support/command-line.ts';
import { createCommandLine } from '../support/command-line.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import {
  createUnmigratedDatabase,
  type TestDatabase,
  useDatabase,
} from '../support/test-database.ts';

const example = exampleOn('user-actions');
const elsewhere = exampleOn('nobody-made-this-topic');

/** Cannot fold purchases. */
class Seen extends TableProjection {
  readonly name: string = 'seen';
  readonly version: number = 1;
  override readonly onError = 'skip';
  define() {
    return this.table(columns({ userId: text().primaryKey(), action: text() }))
      .key('userId')
      .on(example.event, (_row, { userId, action }) => {
        if (action === 'PURCHASE') throw new Error('no purchases today');
        return { userId, action };
      });
  }
}

class SeenAgain extends Seen {
  override readonly version = 2;
}

class SeenFarAway extends Seen {
  override readonly version = 2 ** 40;
}

class SeenElsewhere extends Seen {
  override readonly name = 'seen_elsewhere';
  override define() {
    return this.table(columns({ userId: text().primaryKey(), action: text() }))
      .key('userId')
      .on(elsewhere.event, (_row, { userId, action }) => ({ userId, action })) as never;
  }
}

const database = useDatabase('file');
let empty: TestDatabase;
let commandLine: CommandLine;
let config: RepriseConfig;
let again: RepriseConfig;
let unmigrated: RepriseConfig;
/** Of the first dead letter. */
let place: string;

const configOf = (url: string, projections: RepriseConfig['projections']): RepriseConfig => ({
  projections,
  events: [example.event],
  database: { type: 'url', url },
  logLevel: 'silent',
});

beforeAll(async () => {
  empty = await createUnmigratedDatabase();
  commandLine = createCommandLine();
  config = configOf(database.url, [Seen]);
  again = configOf(database.url, [SeenAgain]);
  unmigrated = configOf(empty.url, [Seen]);
  const app = await createReprise(config);
  await app.setUp();
  await app.runner.start();
  await publishAll(app, example, exampleEvents(40));
  await vi.waitFor(async () => expect((await app.status())[0]?.lagRecords).toBe(0n), 30_000);
  const [letter] = await app.deadLetters.list({ projection: 'seen' });
  place = `${letter?.topic}[${letter?.partition}]@${letter?.offset}`;
  await app.close();
});

afterAll(async () => {
  commandLine.close();
  await empty.drop();
});

function type(which: RepriseConfig, line: string): Promise<Ended> {
  return commandLine.type(which, line.split(' '));
}

/** A command that refuses: exit code, then what its one message must contain. */
const refusals: readonly (readonly [string, number, string, ...string[]])[] = [
  ['dlq list nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['dlq show nothing user-actions[0]@1', 2, 'UNKNOWN_PROJECTION', 'nothing'],
  ['dlq show seen user-actions[0]@99999', 1, 'UNKNOWN_DEAD_LETTER', 'user-actions[0]@99999'],
  ['dlq show seen user-actions', 2, 'USAGE', 'payments[3]@1042'],
  ['dlq show seen user-actions[99999999999]@1', 2, 'USAGE', 'payments[3]@1042'],
  ['dlq show seen user-actions[0]@99999999999999999999', 2, 'USAGE', 'payments[3]@1042'],
  ['dlq show seen', 2, 'USAGE', 'position'],
  ['dlq redrive nothing --all', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['dlq redrive seen', 2, 'USAGE', '--all'],
  ['dlq redrive seen --all --key a', 2, 'USAGE', '--all'],
  ['dlq discard nothing --all', 2, 'UNKNOWN_PROJECTION', 'nothing'],
  ['dlq discard seen', 2, 'USAGE', '--all'],
  ['dlq discard seen --all --key a', 2, 'USAGE', '--key'],
  ['dlq discard seen user-actions[0]@99999', 1, 'UNKNOWN_DEAD_LETTER', 'user-actions[0]@99999'],
  ['rebuild', 2, 'USAGE', '--all'],
  ['rebuild nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['rebuild seen --all', 2, 'USAGE', '--all'],
  ['rebuild seen', 1, 'REBUILD_REFUSED', 'raise its version to 2'],
  ['rebuild seen --workers 0', 2, 'USAGE', 'whole number'],
  ['rebuild seen --as-of yesterday', 2, 'USAGE', 'ISO 8601'],
  ['activate nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['activate', 2, 'USAGE', 'name'],
  ['rollback nothing', 1, 'ROLLBACK_REFUSED', 'nothing has never run'],
  ['rollback seen', 1, 'ROLLBACK_REFUSED', 'no version was active before'],
  ['retire nothing 1', 2, 'UNKNOWN_PROJECTION', 'nothing'],
  ['retire seen 1', 1, 'RETIRE_REFUSED', 'it is active'],
  ['retire seen 7', 1, 'RETIRE_REFUSED', 'no such version', '1 (active)'],
  ['retire seen one', 2, 'USAGE', '1 to 2147483647'],
  ['retire seen 1.5', 2, 'USAGE', '1 to 2147483647'],
  ['retire seen 99999999999', 2, 'USAGE', '1 to 2147483647'],
  ['retire seen', 2, 'USAGE', 'version'],
  ['drop nothing', 2, 'UNKNOWN_PROJECTION', 'nothing'],
  ['drop seen', 1, 'DROP_REFUSED', 'the configuration declares it', '--force'],
  ['verify nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['verify seen --against two', 2, 'USAGE', '1 to 2147483647'],
  ['verify seen --against 7', 1, 'VERIFY_REFUSED', '7'],
  ['pause nothing', 2, 'UNKNOWN_PROJECTION', 'nothing'],
  ['resume nothing', 2, 'UNKNOWN_PROJECTION', 'nothing'],
  ['stop host/1/abc', 2, 'UNKNOWN_INSTANCE', 'host/1/abc', 'No instance runs'],
  ['explain nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['query nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['query seen --limit -1', 2, 'USAGE', 'whole number'],
  ['query seen --where userId', 2, 'CONFIG_INVALID', 'column=value'],
  ['query seen --where nope=1', 2, 'CONFIG_INVALID', 'user_id, action'],
  ['query seen --order-by nope', 2, 'CONFIG_INVALID', 'user_id, action'],
  ['run --tasks nothing', 2, 'CONFIG_INVALID', '"nothing" names no tasks', 'seen'],
  ['run --tasks seen:3-1', 2, 'CONFIG_INVALID', '"seen:3-1" names no tasks'],
  ['dev --events 10', 2, 'CONFIG_INVALID', 'dev.events'],
  ['dev --rate 0', 2, 'USAGE', 'above 0'],
  ['schemas scan --projection nothing', 2, 'UNKNOWN_PROJECTION', 'nothing', 'seen'],
  ['registry serve --port 99999', 2, 'USAGE', '65535'],
  ['status surplus', 2, 'USAGE', 'arguments'],
];

describe('a command refuses with what happened and what to do', () => {
  for (const [line, exitCode, code, ...parts] of refusals) {
    test(line, async () => {
      const ended = await type(config, line);
      expect(ended.stderr).toMatch(new RegExp(`^error ${code}: .+\n$`, 's'));
      for (const part of parts) expect(ended.stderr).toContain(part);
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.stdout).toBe('');
    });
  }

  test.each([
    'status',
    'health',
    'instances',
    'dlq list seen',
    'query seen',
    'pause seen',
    'stop',
    'drop seen',
  ])('%s on a database without tables says to migrate', async (line) => {
    const ended = await type(unmigrated, line);
    expect(ended.stderr).toMatch(/^error NOT_MIGRATED: .*reprise migrate/);
    expect(ended.exitCode).toBe(1);
  });

  test('query of a projection that was never run says what to start', async () => {
    const ended = await type(configOf(database.url, [Seen, SeenElsewhere]), 'query seen_elsewhere');
    expect(ended.stderr).toMatch(/^error UNKNOWN_PROJECTION: seen_elsewhere .*reprise run/);
    expect(ended.exitCode).toBe(2);
  });

  test('run names the one topic of many that is missing, and who reads it', async () => {
    const ended = await type(configOf(database.url, [Seen, SeenElsewhere]), 'run');
    expect(ended.stderr).toContain(
      'error UNKNOWN_TOPIC: seen_elsewhere v1 reads nobody-made-this-topic',
    );
    expect(ended.exitCode).toBe(2);
    expect(await type(config, 'instances')).toMatchObject({
      stdout: 'No instance runs. Start one with: reprise run\n',
    });
  });

  test('a version that Postgres cannot keep is a mistake of the definition', async () => {
    const ended = await type(configOf(database.url, [SeenFarAway]), 'status');
    expect(ended.stderr).toContain('error DEFINITION_INVALID');
    expect(ended.stderr).toContain('1099511627776 is not a whole number from 1 to 2147483647');
    expect(ended.exitCode).toBe(2);
  });
});

describe('a command that has nothing to do says so', () => {
  test('rebuild --all', async () => {
    const ended = await type(config, 'rebuild --all');
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toContain('Nothing to rebuild: every declared version is built.');
    expect((await type(config, '--json rebuild --all')).stdout).toBe(
      '{"event":"nothing to rebuild"}\n',
    );
  });

  test('activate of the active version', async () => {
    const ended = await type(config, 'activate seen');
    expect(ended).toMatchObject({
      exitCode: 0,
      stdout: 'seen is already version 1: nothing was changed.\n',
    });
  });

  test('stop without an instance, resume of what is not paused', async () => {
    expect(await type(config, 'stop')).toMatchObject({ stdout: 'No instance runs.\n' });
    expect(await type(config, 'resume seen')).toMatchObject({
      stdout: 'seen was not paused, and none of its tasks had halted: nothing was changed.\n',
    });
    await type(config, 'pause seen');
    expect(await type(config, 'resume seen')).toMatchObject({ stdout: 'seen runs again.\n' });
  });

  test('redrive where the letters belong to another version, or there are none', async () => {
    expect((await type(again, 'rebuild seen')).exitCode).toBe(0);
    await sql(database.url, 'delete from reprise.dead_letters where version = 2');
    for (const line of ['dlq redrive seen --all', `dlq redrive seen ${place}`]) {
      const ended = await type(again, line);
      expect(ended.stderr).toContain('error UNKNOWN_DEAD_LETTER: seen v2, the declared version');
      expect(ended.stderr).toMatch(/version 1 has \d+/);
      expect(ended.exitCode).toBe(1);
    }
    expect((await type(config, 'dlq redrive seen --key nobody')).stdout).toBe(
      'There are no dead letters of seen with that key.\n',
    );
    expect((await type(config, 'dlq discard seen --all')).stdout).toMatch(/^Discarded: [1-9]/);
    for (const line of ['dlq discard seen --all', 'dlq redrive seen --all', 'dlq list seen']) {
      expect(await type(config, line)).toMatchObject({
        exitCode: 0,
        stdout: 'There are no dead letters of seen.\n',
      });
    }
    expect((await type(config, 'retire seen 2')).exitCode).toBe(0);
  });
});
