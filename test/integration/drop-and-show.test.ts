import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { CommandLine } from '../support/command-line.ts';
import { createCommandLine } from '../support/command-line.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const KINDS = columns({ userId: text().primaryKey(), action: text() });

/** Cannot fold purchases. */
class Seen extends TableProjection {
  readonly name: string = 'seen';
  readonly version: number = 1;
  override readonly onError = 'skip';
  define() {
    return this.table(KINDS)
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

class Kept extends Seen {
  override readonly name = 'kept';
}

const database = useDatabase('test');
let commandLine: CommandLine;
let app: Reprise;

beforeEach(async () => {
  commandLine = createCommandLine();
});

afterEach(async () => {
  await app.close();
  commandLine.close();
});

function configOf(...projections: RepriseConfig['projections'][number][]): RepriseConfig {
  return {
    projections,
    events: [example.event],
    database: { type: 'url', url: database.url },
    logLevel: 'silent',
  };
}

/** Folds forty events; some become dead letters. */
async function fold(config: RepriseConfig): Promise<void> {
  app = await createReprise(config);
  await app.setUp();
  await app.runner.start();
  await publishAll(app, example, exampleEvents(40));
  await vi.waitFor(async () => {
    for (const { lagRecords } of await app.status()) expect(lagRecords).toBe(0n);
  }, 30_000);
}

/** Framework tables that still name a projection, and tables and views of its name. */
async function tracesOf(name: string): Promise<readonly string[]> {
  const tables = await sql<{ table_name: string }>(
    database.url,
    `select table_name from information_schema.columns
     where table_schema = 'reprise' and column_name = 'projection' order by table_name`,
  );
  const found: string[] = [];
  for (const { table_name: table } of tables) {
    const rows = await sql(
      database.url,
      `select from reprise."${table}" where projection = $1 limit 1`,
      [name],
    );
    if (rows.length > 0) found.push(table);
  }
  const relations = await sql<{ relname: string }>(
    database.url,
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relname ~ $1`,
    [`^${name}(__|$)`],
  );
  return [...found, ...relations.map(({ relname }) => relname)];
}

test('a projection that is no longer declared is dropped with all that is known of it, and nothing else', async () => {
  await fold(configOf(Seen, Kept));
  const rest = configOf(Kept);
  expect((await commandLine.type(configOf(SeenAgain, Kept), ['rebuild', 'seen'])).exitCode).toBe(0);
  const running = await commandLine.type(rest, ['drop', 'seen']);
  expect(running.stderr).toContain('error DROP_REFUSED');
  expect(running.stderr).toContain(`reprise stop ${app.runner.instance}`);
  await app.runner.stop();
  expect(await tracesOf('seen')).toContain('dead_letters');
  await sql(database.url, 'create view bi_seen as select * from seen');
  expect((await commandLine.type(rest, ['drop', 'seen'])).stderr).toContain('view bi_seen');
  await sql(database.url, 'drop view bi_seen');
  const dropped = await commandLine.type(rest, ['drop', 'seen']);
  expect(dropped).toMatchObject({ exitCode: 0, stdout: 'seen is dropped (versions 1, 2).\n' });
  expect(await tracesOf('seen')).toEqual([]);
  expect(await tracesOf('kept')).toEqual(
    expect.arrayContaining(['checkpoints', 'kept', 'kept__v1']),
  );
});

test('one that is declared is dropped with --force, and the next start builds it anew', async () => {
  await fold(configOf(Seen));
  await app.close();
  const before = await sql(database.url, 'select * from seen order by user_id');
  const config = configOf(Seen);
  expect((await commandLine.type(config, ['drop', 'seen'])).exitCode).toBe(1);
  expect((await commandLine.type(config, ['drop', 'seen', '--force'])).exitCode).toBe(0);
  app = await createReprise(config);
  await app.runner.start();
  await vi.waitFor(async () => {
    expect(await sql(database.url, 'select * from seen order by user_id')).toEqual(before);
  }, 30_000);
});

test('dlq show decodes a value by the schema it was written with, and shows the bytes of others', async () => {
  await fold(configOf(Seen));
  const [letter] = await app.deadLetters.list({ projection: 'seen' });
  const place = `${letter?.topic}[${letter?.partition}]@${letter?.offset}`;
  const shown = await commandLine.type(configOf(Seen), ['dlq', 'show', 'seen', place]);
  expect(shown.stdout).toMatch(
    /^value: \{"eventId":"00000000-.+"action":"PURCHASE".+\} \(schema \d+\)$/m,
  );
  const json = await commandLine.type(configOf(Seen), ['--json', 'dlq', 'show', 'seen', place]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    deadLetters: [
      {
        value: letter?.value?.toString('hex'),
        key: letter?.key?.toString('hex'),
        schemaId: expect.any(Number),
        decoded: { action: 'PURCHASE', occurredAt: expect.stringMatching(/^20\d\d-/) },
      },
    ],
  });
  const key = letter?.key?.toString() ?? '';
  const ofKey = await commandLine.type(configOf(Seen), ['dlq', 'list', 'seen', '--key', key]);
  expect(ofKey.stdout).toContain(place);
  const none = await commandLine.type(configOf(Seen), ['dlq', 'list', '--key', 'nobody']);
  expect(none.stdout).toBe('There are no dead letters with that key.\n');
  // A schema that nobody registered.
  await sql(
    database.url,
    String.raw`update reprise.dead_letters set value = '\x0000ffffff01'::bytea where "offset" = $1 and partition = $2`,
    [letter?.offset.toString(), letter?.partition],
  );
  const bytes = await commandLine.type(configOf(Seen), ['dlq', 'show', 'seen', place]);
  expect(bytes.stdout).toContain('value: \\x0000ffffff01 (schema 16777215)');
});
