import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import { order, schemaDirectory, writeCurrent } from '../../support/schema-folder.ts';

let printed: string[];

beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs a command as the shell would. @returns what it printed and its exit code */
async function run(directory: string, ...args: readonly string[]) {
  printed = [];
  process.exitCode = undefined;
  const all = ['node', 'reprise', 'schemas', ...args, '--directory', directory];
  await createProgram().parseAsync(all);
  return { text: printed.join('\n'), exitCode: process.exitCode ?? 0 };
}

const id = { name: 'id', type: 'string' };

it('begins a record, records it, and generates its definition', async () => {
  const directory = await schemaDirectory();
  await expect(run(directory, 'new', 'order-placed')).rejects.toThrow(/--topic/);
  const begun = await run(directory, 'new', 'order-placed', '--topic', 'orders');
  expect(begun.text).toContain('schemas new order-placed');
  expect((await run(directory, 'check')).exitCode).toBe(1);
  expect((await run(directory, 'new')).text).toContain('Recorded order-placed version 1');
  expect(await run(directory, 'check')).toMatchObject({
    exitCode: 0,
    text: '1 records, 1 versions, BACKWARD_TRANSITIVE: 0 errors, 0 warnings.',
  });
  await run(directory, 'generate');
  expect(await readFile(join(directory, 'index.ts'), 'utf8')).toContain('const OrderPlaced');
  expect((await run(directory, 'new')).text).toContain('Nothing to record');
});

it('says in one line what breaks the mode, and as JSON; the difference says what to do', async () => {
  const directory = await schemaDirectory();
  await writeCurrent(directory, 'order', order([id]));
  await run(directory, 'new', 'order');
  await writeCurrent(directory, 'order', order([{ name: 'id', type: 'long' }]));
  const check = await run(directory, 'check');
  expect(check.exitCode).toBe(1);
  expect(check.text.split('\n')[0]).toMatch(
    /order\.avsc: error INCOMPATIBLE_SCHEMA: the schema of orders-shop\.OrderPlaced breaks BACKWARD_TRANSITIVE: .*TYPE_MISMATCH at \/fields\/0\/type/,
  );
  const lines = (await run(directory, 'check', '--json')).text.split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'error', code: 'INCOMPATIBLE_SCHEMA', file: 'order.avsc' },
    { level: 'error', code: 'NOT_RECORDED' },
    { event: 'checked', errors: 2, warnings: 0 },
  ]);
  const { text, exitCode } = await run(directory, 'diff', 'order');
  expect(exitCode).toBe(0);
  expect(text).toMatch(
    /^order version 1 → order\.avsc\n {2}~ id: was string, is long\n {6}.*upcaster/,
  );
  expect(text).toContain('order.avsc cannot read data written with order version 1.');
  await expect(run(directory, 'new', 'order')).rejects.toMatchObject({
    code: 'INCOMPATIBLE_SCHEMA',
  });
});

it('lets warnings fail where they are asked to', async () => {
  const directory = await schemaDirectory();
  const at = (unit: string) => ({
    name: 'at',
    type: { type: 'long', logicalType: `timestamp-${unit}` },
  });
  for (const unit of ['millis', 'micros']) {
    await writeCurrent(directory, 'order', order([at(unit)]));
    await run(directory, 'new');
  }
  const lenient = await run(directory, 'check');
  expect(lenient.text).toMatch(/history\/order\/2\.avsc: warning TIME_UNIT_CHANGED/);
  expect(lenient.exitCode).toBe(0);
  expect((await run(directory, 'check', '--strict')).exitCode).toBe(1);
});

it('shows two versions, an attribute that changed, and a record of one version', async () => {
  const directory = await schemaDirectory();
  await writeCurrent(directory, 'order', order([id]));
  await run(directory, 'new');
  expect((await run(directory, 'diff', 'order')).text).toContain('one version');
  expect((await run(directory, 'diff')).text).toContain('No schema has unrecorded changes');
  await writeCurrent(directory, 'order', order([id], { key: 'id' }));
  await run(directory, 'new');
  expect((await run(directory, 'diff', 'order', '1', '2')).text).toContain(
    '~ "key" was none, is "id"',
  );
  await expect(run(directory, 'diff', 'order', '7')).rejects.toThrow(/no version 7/);
  await expect(run(directory, 'diff', 'orders')).rejects.toThrow(/there are: order/);
});

it('refuses every command on a history that was tampered with', async () => {
  const directory = await schemaDirectory();
  await writeCurrent(directory, 'order', order([id]));
  await run(directory, 'new');
  await rm(join(directory, 'history/order/1.avsc'));
  for (const command of ['check', 'new', 'diff']) {
    await expect(run(directory, command)).rejects.toMatchObject({ code: 'SCHEMA_HISTORY_BROKEN' });
  }
});
