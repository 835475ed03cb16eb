import type { FastifyInstance } from 'fastify';
import { unknownSubject } from '../registry-refusal.ts';
import type { RegistryStore, StoredVersion } from '../registry-store.ts';
import { versionAnswer } from './version-answer.ts';
import {
  draftIn,
  flag,
  type SubjectPath,
  scopeOf,
  type VersionPath,
  versionIn,
} from './version-in.ts';

const VERSIONS = '/subjects/:subject/versions';
const VERSION = `${VERSIONS}/:version`;

/** Adds `/subjects/{subject}/versions…`. */
export function addVersionRoutes(api: FastifyInstance, store: RegistryStore): void {
  const versionAt = ({ subject, version }: VersionPath, query: unknown): Promise<StoredVersion> =>
    store.version(subject, versionIn(version), scopeOf(query));

  api.get<{ Params: SubjectPath }>(VERSIONS, async ({ params, query }) => {
    const { subject } = params;
    const scope = scopeOf(query);
    const versions = await store.versions(subject, scope === 'deleted' ? 'all' : scope);
    if (versions.length === 0) throw unknownSubject(subject);
    return versions
      .filter(({ deleted }) => scope !== 'deleted' || deleted)
      .map(({ version }) => version);
  });

  api.post<{ Params: SubjectPath }>(VERSIONS, async ({ params, query, body }) => {
    const { id } = await store.register(params.subject, draftIn(body, query));
    return { id };
  });

  api.get<{ Params: VersionPath }>(VERSION, async ({ params, query }) =>
    versionAnswer(await versionAt(params, query)),
  );

  api.get<{ Params: VersionPath }>(`${VERSION}/schema`, async ({ params, query }) => {
    const { schemaText } = await versionAt(params, query);
    return schemaText;
  });

  api.get<{ Params: VersionPath }>(`${VERSION}/referencedby`, async ({ params }) =>
    store.referencedBy(await versionAt(params, { deleted: 'true' })),
  );

  api.delete<{ Params: VersionPath }>(VERSION, async ({ params, query }) =>
    store.deleteVersion(params.subject, versionIn(params.version), flag(query, 'permanent')),
  );
}
