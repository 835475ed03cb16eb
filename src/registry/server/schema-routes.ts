import type { FastifyInstance } from 'fastify';
import { unknownSchemaId } from '../registry-refusal.ts';
import type { RegistryStore, StoredVersion, VersionScope } from '../registry-store.ts';
import { referencesAnswer, versionAnswer } from './version-answer.ts';
import { flag, type Query, scopeOf } from './version-in.ts';

interface IdPath {
  readonly id: string;
}

/** Adds `/schemas…`: schemas of any subject. */
export function addSchemaRoutes(api: FastifyInstance, store: RegistryStore): void {
  api.get('/schemas/types', async () => ['AVRO']);

  api.get<{ Querystring: Query }>('/schemas', async ({ query }) => {
    const versions = await allVersions(store, query);
    const offset = Number(query['offset'] ?? 0) || 0;
    const limit = Number(query['limit'] ?? -1);
    const page = versions.slice(offset, limit > 0 ? offset + limit : undefined);
    return page.map(versionAnswer);
  });

  api.get<{ Params: IdPath; Querystring: Query }>('/schemas/ids/:id', async (request) => {
    const schema = await store.schema(idIn(request.params));
    if (request.query['format'] === 'resolved') {
      return { schema: await store.selfContainedText(schema.id) };
    }
    return { ...referencesAnswer(schema), schema: schema.schemaText };
  });

  api.get<{ Params: IdPath }>('/schemas/ids/:id/schema', async ({ params }) => {
    const { schemaText } = await store.schema(idIn(params));
    // The text verbatim, not a JSON string of it.
    return schemaText;
  });

  api.get<{ Params: IdPath }>('/schemas/ids/:id/subjects', async ({ params, query }) => {
    const uses = await usesOf(store, idIn(params), scopeOf(query));
    return [...new Set(uses.map(({ subject }) => subject))];
  });

  api.get<{ Params: IdPath }>('/schemas/ids/:id/versions', async ({ params, query }) =>
    usesOf(store, idIn(params), scopeOf(query)),
  );
}

async function usesOf(store: RegistryStore, id: number, scope: VersionScope) {
  await store.schema(id);
  return store.usesOf(id, scope);
}

async function allVersions(store: RegistryStore, query: Query): Promise<readonly StoredVersion[]> {
  const scope = scopeOf(query);
  const found: StoredVersion[] = [];
  for (const subject of await store.subjects(scope, query['subjectPrefix'])) {
    const versions = await store.versions(subject, scope);
    found.push(...(flag(query, 'latestOnly') ? versions.slice(-1) : versions));
  }
  return found;
}

function idIn({ id }: IdPath): number {
  const number = /^\d{1,10}$/.test(id) ? Number(id) : Number.NaN;
  if (Number.isNaN(number)) throw unknownSchemaId(number);
  return number;
}
