import type { FastifyInstance } from 'fastify';
import { explainConflicts } from '../../avro/compatibility/check-history.ts';
import { isRepriseError, type RepriseError } from '../../reprise-error.ts';
import { REGISTRY_ERRORS } from '../registry-refusal.ts';
import type { RegistryStore } from '../registry-store.ts';
import { draftIn, flag, type SubjectPath, type VersionPath, versionIn } from './version-in.ts';

const VERSIONS = '/compatibility/subjects/:subject/versions';

/** Adds `/compatibility/subjects/{subject}/versions…`: checks a schema without registering it. */
export function addCompatibilityRoutes(api: FastifyInstance, store: RegistryStore): void {
  const answer = async (
    subject: string,
    against: number | 'latest' | 'all',
    { query, body }: { readonly query: unknown; readonly body: unknown },
  ) => {
    const verbose = flag(query, 'verbose');
    try {
      const report = await store.check(subject, draftIn(body, query), against);
      const messages = verbose ? { messages: explainConflicts(report) } : {};
      return { is_compatible: report.compatible, ...messages };
    } catch (error) {
      // A verbose request gets the fault of an invalid schema as a message.
      if (!verbose || !isInvalidSchema(error)) throw error;
      return { is_compatible: false, messages: [String(error.facts['words'])] };
    }
  };

  api.post<{ Params: SubjectPath }>(VERSIONS, async (request) =>
    answer(request.params.subject, 'all', request),
  );

  api.post<{ Params: VersionPath }>(`${VERSIONS}/:version`, async (request) =>
    answer(request.params.subject, versionIn(request.params.version), request),
  );
}

function isInvalidSchema(error: unknown): error is RepriseError {
  return isRepriseError(error) && error.facts['errorCode'] === REGISTRY_ERRORS.invalidSchema;
}
