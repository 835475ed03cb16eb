import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegistryServer } from '../../src/registry/registry-server.ts';
import { startForeignRegistry } from '../support/foreign-registry.ts';
import { ask, startTestRegistry } from '../support/registry-server.ts';
import { useDatabase } from '../support/test-database.ts';

const field = (name: string, fallback?: string) =>
  fallback === undefined ? { name, type: 'string' } : { name, type: 'string', default: fallback };
const record = (name: string, fields: readonly object[]) => ({
  schema: JSON.stringify({ type: 'record', name, fields }),
});
const v1 = record('A', [field('id')]);
const v1Respelled = {
  schema: '{ "name": "A", "fields": [ {"type":"string", "name":"id"} ], "type": "record" }',
};
const v2 = record('A', [field('id'), field('more', '')]);
const incompatible = record('A', [field('id'), field('required')]);
const money = record('Money', [field('currency')]);
const order = {
  ...record('Order', [{ name: 'total', type: 'Money' }]),
  references: [{ name: 'Money', subject: 'money', version: 1 }],
};
const dangling = { ...order, references: [{ name: 'Money', subject: 'lost', version: 1 }] };

/**
 * Requests in the order in which both get them, from the same beginning. Left out is what the
 * foreign registry (srfake) does otherwise than Confluent's own:
 * test/integration/registry-api.test.ts has that.
 */
const REQUESTS: readonly (readonly [string, unknown?])[] = [
  ['PUT /config', { compatibility: 'BACKWARD' }],
  ['GET /config'],
  ['GET /mode'],
  ['GET /contexts'],
  ['GET /subjects'],
  ['GET /subjects/a/versions'],
  ['GET /subjects/a/versions/latest'],
  ['POST /subjects/a', v1],
  ['POST /subjects/a/versions', { schema: '{"type":"nothing"}' }],
  ['POST /subjects/a/versions', { schema: '{' }],
  ['POST /subjects/a/versions', v1],
  ['POST /subjects/a/versions', v1],
  ['POST /subjects/a/versions', v1Respelled],
  ['POST /subjects/b%2Fc/versions', v1],
  ['GET /subjects/b%2Fc/versions/1'],
  ['POST /subjects/a/versions', v2],
  ['POST /subjects/a/versions', incompatible],
  ['GET /subjects'],
  ['GET /subjects?subjectPrefix=b'],
  ['GET /subjects/a/versions'],
  ['GET /subjects/a/versions/latest'],
  ['GET /subjects/a/versions/1'],
  ['GET /subjects/a/versions/9'],
  ['GET /schemas'],
  ['GET /schemas?subjectPrefix=a&latestOnly=true'],
  ['GET /schemas/ids/1'],
  ['GET /schemas/ids/2'],
  ['GET /schemas/ids/99'],
  ['GET /schemas/ids/99/subjects'],
  ['GET /schemas/ids/99/versions'],
  ['GET /schemas/ids/1/subjects'],
  ['GET /schemas/ids/2/versions'],
  ['POST /subjects/a', v1Respelled],
  ['POST /subjects/a', v2],
  ['POST /subjects/a', incompatible],
  ['POST /compatibility/subjects/a/versions/latest', v2],
  ['POST /compatibility/subjects/a/versions/latest', incompatible],
  ['POST /compatibility/subjects/a/versions/1', v2],
  ['POST /compatibility/subjects/a/versions/9', v2],
  ['POST /compatibility/subjects/a/versions', v2],
  ['POST /compatibility/subjects/a/versions', incompatible],
  ['POST /compatibility/subjects/a/versions/latest?verbose=true', v2],
  ['POST /compatibility/subjects/none/versions', v2],
  ['GET /config/a'],
  ['GET /config/a?defaultToGlobal=true'],
  ['PUT /config/a', { compatibility: 'FULL' }],
  ['GET /config/a'],
  ['POST /compatibility/subjects/a/versions/latest', v1],
  ['PUT /config/a', { compatibility: 'NONE' }],
  ['POST /subjects/a/versions', incompatible],
  ['PUT /mode/a', { mode: 'READONLY' }],
  ['GET /mode/a'],
  ['DELETE /mode/a'],
  ['DELETE /mode/a'],
  ['PUT /mode/a', { mode: 'SOMETIMES' }],
  ['GET /mode/a?defaultToGlobal=true'],
  ['POST /subjects/money/versions', money],
  ['POST /subjects/order/versions', dangling],
  ['POST /subjects/order/versions', order],
  ['POST /subjects/order/versions', order],
  ['GET /subjects/order/versions/latest'],
  ['GET /schemas/ids/5'],
  ['POST /subjects/order', order],
  ['GET /subjects/money/versions/1/referencedby'],
  ['GET /subjects/order/versions/1/referencedby'],
  ['DELETE /subjects/a/versions/1'],
  ['DELETE /subjects/a/versions/9'],
  ['GET /subjects/a/versions'],
  ['GET /subjects/a/versions?deleted=true'],
  ['GET /subjects/a/versions?deletedOnly=true'],
  ['GET /subjects/a/versions/1'],
  ['GET /subjects/a/versions/1?deleted=true'],
  ['GET /schemas/ids/1'],
  ['POST /subjects/a', v1],
  ['POST /subjects/a?deleted=true', v1],
  ['POST /subjects/a/versions', v1],
  ['GET /subjects/a/versions/latest'],
  ['DELETE /subjects/b%2Fc'],
  ['GET /subjects'],
  ['GET /subjects?deleted=true'],
  ['GET /subjects?deletedOnly=true'],
  ['GET /subjects/b%2Fc/versions'],
  ['GET /subjects/b%2Fc/versions?deleted=true'],
  ['DELETE /subjects/b%2Fc?permanent=true'],
  ['GET /subjects?deleted=true'],
  ['DELETE /subjects/none'],
  ['GET /subjects/none/versions'],
  ['PUT /config/fresh', { compatibility: 'forward_transitive' }],
  ['GET /config/fresh'],
];

const foreign = await startForeignRegistry();

describe.skipIf(foreign === undefined)('our registry beside a foreign one', () => {
  const database = useDatabase('file');
  let ours: RegistryServer;

  beforeAll(async () => {
    ours = await startTestRegistry(database.url);
  });
  afterAll(async () => {
    await ours.close();
    foreign?.stop();
  });

  it(`answers ${REQUESTS.length} requests with equal status, error code and body`, async () => {
    for (const [request, body] of REQUESTS) {
      const theirs = await answerTo(foreign?.url ?? '', request, body);
      expect(await answerTo(ours.url, request, body), `${request} ${JSON.stringify(body)}`).toEqual(
        theirs,
      );
    }
  });
});

/**
 * What is compared: of errors the code, as their words are each registry's own; a guid is something
 * only newer registries have.
 */
async function answerTo(url: string, request: string, sent: unknown): Promise<object> {
  const { status, type, body } = await ask(url, request, sent);
  if (status >= 400)
    return { status, type, errorCode: (body as { error_code: number }).error_code };
  return { status, type, body: comparable(body) };
}

function comparable(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(comparable);
  // A list in Go is null until something is added.
  if (typeof body !== 'object' || body === null) return body ?? [];
  const { guid: _, ...rest } = body as Record<string, unknown>;
  return rest;
}
