import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { startProgram } from '../support/child-process.ts';
import { createPiiApp, movesOn, WRAPPING_KEYS } from '../support/pii-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const moves = movesOn('moves');
const folder = mkdtempSync(join(tmpdir(), 'reprise-forget-'));
const config = join(folder, 'reprise.config.mjs');
const database = useDatabase('file');
let app: Reprise;

beforeAll(async () => {
  const support = new URL('../support/pii-app.ts', import.meta.url).href;
  writeFileSync(
    config,
    `import { movesOn } from '${support}';
     const { event, projections } = movesOn('moves');
     export default { projections, events: [event], onError: 'skip' };`,
  );
  app = await createPiiApp({ databaseUrl: database.url, moves });
  await app.setUp();
  const somebody = { userId: 'user-7', email: 'seven@example.org', photo: null, city: 'Ulm' };
  for (const amount of [1n, -1n]) {
    const at = new Date(Date.UTC(2026, 0, 1));
    await app.publisher.publish(moves.event, { ...somebody, amount, at });
  }
  await app.runner.start();
  await vi.waitFor(
    async () => expect(await app.deadLetters.list({ projection: 'people' })).toHaveLength(1),
    {
      timeout: 60_000,
    },
  );
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

async function forget(...args: string[]): Promise<{ code: number | null; output: string }> {
  const program = startProgram(
    'src/cli/main.ts',
    { REPRISE_DATABASE_URL: database.url, REPRISE_WRAPPING_KEYS: WRAPPING_KEYS },
    ['--config', config, 'forget', ...args],
  );
  return { code: await program.exited, output: program.output() };
}

test('reprise forget shows what there is, destroys the key, replaces the rows, and says so', async () => {
  const shown = await forget('user-7', '--show');
  expect(shown).toMatchObject({ code: 0 });
  expect(shown.output).toMatch(/people v1 +active +1 +user_id/);
  expect(shown.output).toMatch(/by_city v1 +active +by a replay only/);
  expect(shown.output).toContain('hold its values encrypted: 1');
  expect(shown.output).not.toContain('is destroyed');

  const done = await forget('user-7', '--by', 'the office');
  expect(done.output).toContain('The key of user-7 is destroyed.');
  expect(done.output).toContain('reprise forget user-7 --rebuild');
  expect(done.output).toMatch(/the office/);

  const rebuilt = await forget('user-7', '--rebuild');
  expect(rebuilt).toMatchObject({ code: 0 });
  expect(rebuilt.output).toContain('There is no key of user-7 to destroy.');
  expect(rebuilt.output).toMatch(/people v1: \d+ records replayed, 1 rows replaced/);
  const rows = await sql(database.url, 'select email from people');
  expect(rows).toEqual([{ email: '[redacted]' }]);

  const json = await forget('nobody', '--show', '--json');
  expect(JSON.parse(json.output)).toMatchObject({ subject: 'nobody', keys: [], destroyed: null });
}, 240_000);
