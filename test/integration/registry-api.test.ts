import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHistory } from '../../src/avro/compatibility/check-history.ts';
import { refusalWords } from '../../src/registry/incompatible-schema.ts';
import type { RegistryServer } from '../../src/registry/registry-server.ts';
import { ask, startTestRegistry } from '../support/registry-server.ts';
import { createTestDatabase, useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let server: RegistryServer;

beforeAll(async () => {
  server = await startTestRegistry(database.url);
});
afterAll(async () => {
  await server.close();
});

const record = (name: string, fields: readonly object[] = [], more: object = {}) => ({
  schema: JSON.stringify({ type: 'record', name, fields, ...more }),
});
const text = (name: string, more: object = {}) => ({ name, type: 'string', ...more });

/** Registers and gives the id. */
async function register(subject: string, body: object): Promise<number> {
  const answer = await ask(server.url, `POST /subjects/${subject}/versions`, body);
  expect(answer.status, answer.text).toBe(200);
  return (answer.body as { id: number }).id;
}

/** Sends a request and expects an error of Confluent's. */
async function refused(request: string, errorCode: number, message: string, body?: unknown) {
  const answer = await ask(server.url, request, body);
  expect(answer.body, request).toEqual({
    error_code: errorCode,
    message: expect.stringContaining(message),
  });
  expect(answer.status, request).toBe(
    errorCode < 1_000 ? errorCode : Number(String(errorCode).slice(0, 3)),
  );
}

async function given(request: string, expected: unknown, body?: unknown) {
  const answer = await ask(server.url, request, body);
  expect([answer.status, answer.body], `${request}: ${answer.text}`).toEqual([200, expected]);
}

// Codes and words as in Confluent's own server (its class Errors); the foreign registry of the
// differential test has others here.
describe('what is not there', () => {
  it('is said with the codes of Confluent', async () => {
    await register('there', record('There'));
    await refused('GET /subjects/none/versions', 40401, "Subject 'none' not found.");
    await refused('GET /subjects/none/versions/1', 40401, "Subject 'none' not found.");
    await refused('GET /subjects/there/versions/7', 40402, 'Version 7 not found.');
    await refused('GET /schemas/ids/4711', 40403, 'Schema 4711 not found');
    await refused('GET /schemas/ids/99999999999', 40403, 'not found');
    await refused('GET /schemas/ids/x', 40403, 'not found');
    await refused('GET /config/none', 40408, "Subject 'none' does not have subject-level compat");
    await refused('GET /mode/none', 40409, "Subject 'none' does not have subject-level mode");
    await refused('DELETE /config/none', 40401, "Subject 'none' not found.");
    await refused('GET /nowhere', 404, 'HTTP 404 Not Found');
  });

  it('does not keep a schema from being compatible with it', async () => {
    const path = 'POST /compatibility/subjects/none/versions';
    await given(`${path}/latest`, { is_compatible: true }, record('R'));
    await refused(`${path}/3`, 40402, 'Version 3 not found.', record('R'));
  });
});

describe('what is not valid', () => {
  it.each(['0', '-2', 'last', '2147483648'])('is said of version %s', async (version) => {
    const words = `The specified version '${version}' is not a valid version id.`;
    await refused(`GET /subjects/there/versions/${version}`, 42202, words);
    await refused(`DELETE /subjects/there/versions/${version}`, 42202, words);
  });

  it.each([
    ['no JSON', { schema: '{' }, 'Invalid schema'],
    ['no schema', { schema: '{"type":"record"}' }, 'Invalid schema'],
    ['an unknown name', { schema: '["null","Lost"]' }, 'unknown type "Lost"'],
    ['an empty text', { schema: ' ' }, 'Empty schema'],
    ['no text at all', {}, 'Empty schema'],
    ['no body', undefined, 'Empty schema'],
    ['a list for a text', { schema: [] }, 'schema'],
    ['another type', { schema: '{}', schemaType: 'PROTOBUF' }, 'Invalid schema type PROTOBUF'],
    ['metadata', { ...record('M'), metadata: { properties: { a: 'b' } } }, 'metadata'],
    ['a bad reference', { ...record('M'), references: [{ name: 'x' }] }, 'references.0.subject'],
  ])('is said of a schema that is %s', async (_, body, words) => {
    await refused('POST /subjects/bad/versions', 42201, words, body);
  });

  it('is said of levels, modes, names and rules', async () => {
    await refused('PUT /config', 42203, 'Invalid compatibility level.', { compatibility: 'SOME' });
    await refused('PUT /config/there', 42203, 'Invalid compatibility level.', {});
    await refused('PUT /mode', 42204, 'Invalid mode.', { mode: 'SOME' });
    await refused('POST /subjects/a%00b/versions', 42208, 'not a valid subject', record('R'));
    const rules = { ...record('R'), ruleSet: { domainRules: [] } };
    await refused('POST /subjects/ruled/versions', 42210, 'rule sets', rules);
    const answer = await fetch(`${server.url}/subjects/x/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"schema":',
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error_code: 400, message: expect.any(String) },
    ]);
  });
});

describe('compatibility', () => {
  it('is refused with 409 and the reasons, which a check gives as well', async () => {
    const versions = [
      record('S', [text('id')]),
      record('S', [text('id'), text('more', { default: '' })]),
    ];
    for (const version of versions) await register('strict', version);
    const third = record('S', [text('id'), text('more')]);
    const reason =
      'the new schema cannot read what version 1 wrote: READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1: more';
    await refused('POST /subjects/strict/versions', 409, reason, third);
    await refused(
      'POST /subjects/strict/versions',
      409,
      'Schema being registered is incompatible with an earlier schema for subject "strict", details: ',
      third,
    );
    // The words of a check offline, of the command and of the publisher.
    const history = versions.map(({ schema }) => schema);
    const report = checkHistory({ history, next: third.schema });
    await refused('POST /subjects/strict/versions', 409, refusalWords('strict', report), third);
    const check = 'POST /compatibility/subjects/strict/versions';
    await given(check, { is_compatible: false }, third);
    await given(`${check}?verbose=true`, { is_compatible: false, messages: [reason] }, third);
    await given(`${check}/latest?verbose=True`, { is_compatible: true, messages: [] }, third);
    await given(`${check}/1`, { is_compatible: false }, third);
    const invalid = { schema: '{"type":"record"}' };
    await refused(check, 42201, 'Invalid schema', invalid);
    await given(
      `${check}?verbose=true`,
      { is_compatible: false, messages: [expect.stringContaining('Invalid schema')] },
      invalid,
    );
  });

  it('falls back on the global level, and on BACKWARD_TRANSITIVE', async () => {
    await given('GET /config', { compatibilityLevel: 'BACKWARD_TRANSITIVE' });
    await given('PUT /config', { compatibility: 'FULL' }, { compatibility: 'full' });
    await given('GET /config/levelled?defaultToGlobal=true', { compatibilityLevel: 'FULL' });
    await given('PUT /config/levelled', { compatibility: 'NONE' }, { compatibility: 'NONE' });
    await given('GET /config/levelled', { compatibilityLevel: 'NONE' });
    await given('DELETE /config/levelled', { compatibilityLevel: 'NONE' });
    await refused('GET /config/levelled', 40408, 'subject-level');
    await given('DELETE /config', { compatibilityLevel: 'FULL' });
    await given('GET /config', { compatibilityLevel: 'BACKWARD_TRANSITIVE' });
  });

  it('names versions by their numbers, when some are deleted', async () => {
    for (const count of [1, 2, 3]) {
      const fields = Array.from({ length: count }, (_, i) => text(`f${i}`, { default: '' }));
      await register('holed', record('H', fields));
    }
    await given('DELETE /subjects/holed/versions/1', 1);
    await given('DELETE /subjects/holed/versions/2', 2);
    const words = 'cannot read what version 3 wrote';
    await refused(
      'POST /subjects/holed/versions',
      409,
      words,
      record('H', [{ ...text('f0'), type: 'int' }]),
    );
  });
});

describe('deletion', () => {
  it('is soft first, and for good only then', async () => {
    const id = await register('doomed', record('Doomed'));
    await refused(
      'DELETE /subjects/doomed?permanent=true',
      40405,
      "Subject 'doomed' was not deleted first",
    );
    await refused(
      'DELETE /subjects/doomed/versions/1?permanent=true',
      40407,
      "Subject 'doomed' Version 1 was not deleted first",
    );
    await given('DELETE /subjects/doomed/versions/latest', 1);
    await refused('DELETE /subjects/doomed/versions/1', 40406, 'was soft deleted');
    await refused('DELETE /subjects/doomed', 40404, "Subject 'doomed' was soft deleted.");
    await refused('GET /subjects/doomed/versions/latest', 40401, 'not found');
    await given(`GET /schemas/ids/${id}`, record('Doomed'));
    await given(`GET /schemas/ids/${id}/versions`, []);
    await given(`GET /schemas/ids/${id}/versions?deleted=true`, [
      { subject: 'doomed', version: 1 },
    ]);
    await given('DELETE /subjects/doomed/versions/1?permanent=true', 1);
    await refused('DELETE /subjects/doomed?permanent=true', 40401, 'not found');
    await refused(`GET /schemas/ids/${id}`, 40403, 'not found');
  });

  it('never gives an id a second meaning, and gives a schema its id back', async () => {
    const id = await register('gone', record('Gone'));
    await given('DELETE /subjects/gone', [1]);
    await given('DELETE /subjects/gone?permanent=true', [1]);
    expect(await register('next', record('Next'))).toBeGreaterThan(id);
    expect(await register('gone', record('Gone'))).toBe(id);
  });

  it('of a subject takes its level and mode along', async () => {
    await register('settled', record('Settled'));
    await given('PUT /config/settled', { compatibility: 'NONE' }, { compatibility: 'NONE' });
    await given('DELETE /subjects/settled', [1]);
    await refused('GET /config/settled', 40408, 'subject-level');
  });

  it('is refused for what others refer to', async () => {
    await register('part', record('Part', [text('x')]));
    const whole = {
      ...record('Whole', [{ name: 'part', type: 'Part' }]),
      references: [{ name: 'Part', subject: 'part', version: 1 }],
    };
    const id = await register('whole', whole);
    await given('GET /subjects/part/versions/1/referencedby', [id]);
    const words = 'One or more references exist to the schema';
    await refused('DELETE /subjects/part/versions/1', 42206, words);
    await refused('DELETE /subjects/part', 42206, words);
    await given('DELETE /subjects/whole', [1]);
    await given('DELETE /subjects/part', [1]);
    // What is deleted softly can still be asked for, and then needs what it refers to.
    await refused('DELETE /subjects/part?permanent=true', 42206, words);
    const answer = await ask(server.url, `GET /schemas/ids/${id}?format=resolved`);
    expect((answer.body as { schema: string }).schema).toContain('"name":"x"');
  });
});

describe('equal schemas', () => {
  it('are one, however they are spelled, and keep the first spelling', async () => {
    const spelled = { schema: '{"namespace":"n","name":"Same","type":"record","fields":[]}' };
    const id = await register('same', spelled);
    const other = { schema: '{ "type": "record", "name": "n.Same", "fields": [] }' };
    expect(await register('same', other)).toBe(id);
    expect(await register('elsewhere', other)).toBe(id);
    await given('GET /subjects/same/versions', [1]);
    const stored = { subject: 'same', version: 1, id, ...spelled };
    await given('POST /subjects/same', stored, other);
    await refused(
      'POST /subjects/same',
      40403,
      'Schema not found',
      record('n.Same', [], { doc: '' }),
    );
  });

  it('get the common spelling when a client asks to normalize', async () => {
    const answer = await ask(server.url, 'POST /subjects/tidy/versions?normalize=True', {
      schema:
        '{ "name":"T", "fields":[{"type":{"type":"int"},"name":"x","order":"ascending"}], "type":"record" }',
    });
    expect(answer.status).toBe(200);
    const { text: stored } = await ask(server.url, 'GET /subjects/tidy/versions/1/schema');
    expect(stored).toBe('{"type":"record","name":"T","fields":[{"name":"x","type":"int"}]}');
  });
});

describe('modes', () => {
  it('keep a subject, or all, from being written', async () => {
    await register('frozen', record('F'));
    await given('PUT /mode/frozen', { mode: 'READONLY' }, { mode: 'READONLY' });
    const words = 'Subject frozen is in read-only mode';
    await refused('POST /subjects/frozen/versions', 42205, words, record('F', [], { doc: 'x' }));
    await refused('DELETE /subjects/frozen', 42205, words);
    await refused('PUT /config/frozen', 42205, words, { compatibility: 'NONE' });
    await given(
      'POST /subjects/frozen/versions',
      { id: await register('frozen', record('F')) },
      record('F'),
    );
    await given('DELETE /mode/frozen', { mode: 'READONLY' });
    await given('PUT /mode', { mode: 'READONLY_OVERRIDE' }, { mode: 'READONLY_OVERRIDE' });
    await refused('POST /subjects/any/versions', 42205, 'read-only', record('Any'));
    await given('DELETE /mode', { mode: 'READONLY_OVERRIDE' });
    await given('GET /mode', { mode: 'READWRITE' });
  });

  it('let ids of another registry in', async () => {
    const path = 'POST /subjects/imported/versions';
    const brought = { ...record('Imported'), id: 5_000, version: 3 };
    await refused(path, 42205, 'is not in import mode', brought);
    await refused('PUT /mode', 42205, 'Cannot import since found existing subjects', {
      mode: 'IMPORT',
    });
    await given('PUT /mode/imported', { mode: 'IMPORT' }, { mode: 'IMPORT' });
    await refused(path, 42205, 'is not in read-write mode', record('Other'));
    await given(path, { id: 5_000 }, brought);
    await given(path, { id: 5_000 }, brought);
    await refused(path, 42205, 'id 5000', { ...record('Other'), id: 5_000 });
    await given('DELETE /mode/imported', { mode: 'IMPORT' });
    await given('GET /subjects/imported/versions', [3]);
    expect(await register('after', record('After'))).toBe(5_001);
  });
});

describe('the conversation', () => {
  it.each([
    ['*/*', 'application/vnd.schemaregistry.v1+json'],
    ['application/json', 'application/json'],
    ['text/html', 'application/vnd.schemaregistry.v1+json'],
    [
      'application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json; q=0.9, application/json; q=0.5',
      'application/vnd.schemaregistry.v1+json',
    ],
    [
      'application/json;q=0.1, application/vnd.schemaregistry+json',
      'application/vnd.schemaregistry+json',
    ],
  ])('answers who accepts %s with %s', async (accept, type) => {
    expect((await ask(server.url, 'GET /subjects', undefined, { accept })).type).toBe(type);
    expect((await ask(server.url, 'GET /nothing', undefined, { accept })).type).toBe(type);
  });

  it('takes subjects with any character, and long ones', async () => {
    for (const subject of ['a/b c?#%', 'ünïcode', 'x'.repeat(255)]) {
      const name = encodeURIComponent(subject);
      const id = await register(name, record('Any'));
      await given(`GET /subjects/${name}/versions/latest`, {
        subject,
        version: 1,
        id,
        ...record('Any'),
      });
    }
  });

  it.each([
    ['nests in a type', (deep: string) => `{"type":"array","items":${deep}}`],
    ['nests in an attribute', (deep: string) => `{"type":"string","note":${deep}}`],
    ['nests beside a long number', (deep: string) => `{"type":${deep},"n":12345678901234567890}`],
  ])('survives a schema that %s without end', async (_, schemaOf) => {
    const schema = schemaOf(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    await refused('POST /subjects/deep/versions', 42201, 'nests deeper', { schema });
  });

  it('survives keys that mean something to JavaScript', async () => {
    const schema = '{"type":"record","name":"Odd","fields":[],"__proto__":{"a":1},"constructor":2}';
    const body = `{"schema":${JSON.stringify(schema)},"__proto__":{"id":7}}`;
    const headers = { 'content-type': 'application/json' };
    const path = `${server.url}/subjects/__proto__/versions`;
    const answer = await fetch(path, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    expect((await ask(server.url, 'GET /subjects/__proto__/versions/1/schema')).text).toBe(schema);
  });

  it('refuses media types it does not know', async () => {
    const answer = await fetch(`${server.url}/subjects/x/versions`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(answer.status).toBe(415);
  });
});

it('says 50001, and nothing of the inside, when the database is away', async () => {
  const gone = await createTestDatabase();
  const lonely = await startTestRegistry(gone.url);
  await gone.drop();
  const answer = await ask(lonely.url, 'GET /subjects');
  expect([answer.status, (answer.body as { error_code: number }).error_code]).toEqual([500, 50001]);
  expect(answer.text).not.toContain('reprise_test');
  await lonely.close();
});
