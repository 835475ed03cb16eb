import { afterEach, beforeEach, expect, test } from 'vitest';
import { startProgram } from '../support/child-process.ts';
import type { ConfigFile } from '../support/config-file.ts';
import { writeConfigFile } from '../support/config-file.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const database = useDatabase('test');
let config: ConfigFile;

beforeEach(async () => {
  config = writeConfigFile({ databaseUrl: database.url, example });
});

afterEach(async () => {
  config.remove();
});

test('a start after a long pause says what it runs in one line, and raises no alarm', async () => {
  const app = await createTestApp({ databaseUrl: database.url, example });
  await app.setUp();
  await app.runner.start();
  await publishAll(app, example, exampleEvents(10));
  await app.close();
  await sql(database.url, `update reprise.tasks set lease_until = now() - interval '1 hour'`);
  const program = startProgram('src/cli/main.ts', {}, [
    '--config',
    config.path,
    'run',
    '--verbose',
  ]);
  await program.says(/^Running as \S+: user_metrics v1 \[0,1,2,3\]\.$/m);
  program.kill('SIGTERM');
  expect(await program.exited, program.output()).toBe(0);
  expect(program.output()).not.toMatch(/ERROR|"level":50|no instance runs/);
});
