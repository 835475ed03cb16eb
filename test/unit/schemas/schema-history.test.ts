import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordVersion } from '../../../src/schemas/record-version.ts';
import { readSchemaFolder, type SchemaFolder } from '../../../src/schemas/schema-folder.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schemas-'));
});
afterEach(() => rm(directory, { recursive: true }));

const text = (field: string) =>
  JSON.stringify({ type: 'record', name: 'A', fields: [{ name: field, type: 'string' }] });

async function recorded(texts: readonly string[]): Promise<SchemaFolder> {
  await writeFile(join(directory, 'a.avsc'), texts.at(-1) ?? '');
  let folder = await readSchemaFolder(directory);
  for (const each of texts) {
    const record = folder.records[0];
    if (record !== undefined) folder = await recordVersion(folder, record, { text: each });
  }
  return folder;
}

it('keeps every version of a record, and the current file beside them', async () => {
  const folder = await recorded([text('one'), text('two')]);
  expect(await readSchemaFolder(directory)).toEqual(folder);
  expect(folder.records[0]?.current).toBe(text('two'));
  expect(folder.records[0]?.versions.map(({ version, path }) => [version, path])).toEqual([
    [1, 'a/1.avsc'],
    [2, 'a/2.avsc'],
  ]);
});

it('has the version 1 of every example schema', async () => {
  const { records } = await readSchemaFolder('schemas');
  expect(records.length).toBeGreaterThan(10);
  for (const { name, versions } of records) expect(versions.length, name).toBeGreaterThan(0);
});

it.each([
  ['changed', async () => writeFile(join(directory, 'history/a/1.avsc'), text('other'))],
  ['missing', async () => rm(join(directory, 'history/a/1.avsc'))],
])('refuses a recorded version that is %s, and says what to do', async (_, spoil) => {
  await recorded([text('one'), text('two')]);
  await spoil();
  await expect(readSchemaFolder(directory)).rejects.toMatchObject({
    code: 'SCHEMA_HISTORY_BROKEN',
    message: expect.stringMatching(/history\/a\/1\.avsc .*git checkout.*reprise schemas new/),
  });
});

it('refuses a file in the history that nobody recorded', async () => {
  await recorded([text('one')]);
  await writeFile(join(directory, 'history/a/2.avsc'), text('two'));
  await expect(readSchemaFolder(directory)).rejects.toThrow(/a\/2\.avsc is not in history\.json/);
});

it('refuses an index that leaves a version out, or is no index', async () => {
  await recorded([text('one'), text('two')]);
  const index = join(directory, 'history/history.json');
  const { versions } = JSON.parse(await readFile(index, 'utf8')) as { versions: object };
  await rm(join(directory, 'history/a/1.avsc'));
  const second = Object.fromEntries(Object.entries(versions).slice(1));
  await writeFile(index, JSON.stringify({ versions: second }));
  await expect(readSchemaFolder(directory)).rejects.toThrow(/a\/1\.avsc is left out/);
  await writeFile(index, '{"versions":{"../x.avsc":{}}}');
  await expect(readSchemaFolder(directory)).rejects.toMatchObject({
    code: 'SCHEMA_HISTORY_BROKEN',
  });
});

it('reads a checkout with other line ends', async () => {
  await recorded([`${text('one')}\n`]);
  await writeFile(join(directory, 'history/a/1.avsc'), `${text('one')}\r\n`);
  await expect(readSchemaFolder(directory)).resolves.toBeDefined();
});

it('never overwrites a recorded version', async () => {
  const before = await recorded([text('one')]);
  const stale = { ...before, records: [{ name: 'a', current: null, versions: [] }] };
  const [record] = stale.records;
  if (record === undefined) throw new Error('no record');
  await expect(recordVersion(stale, record, { text: text('two') })).rejects.toThrow(/EEXIST/);
});
