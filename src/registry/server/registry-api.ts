import Fastify, { type FastifyInstance } from 'fastify';
import type { RegistryLog, RegistryServerAuth } from '../registry-server.ts';
import type { RegistryStore } from '../registry-store.ts';
import { answerErrors } from './answer-errors.ts';
import { authenticate } from './authenticate.ts';
import { addCompatibilityRoutes } from './compatibility-routes.ts';
import { addSchemaRoutes } from './schema-routes.ts';
import { addSettingRoutes } from './setting-routes.ts';
import { CONFIG, MODE } from './settings.ts';
import { speakRegistryJson } from './speak-registry-json.ts';
import { addSubjectRoutes } from './subject-routes.ts';
import { addVersionRoutes } from './version-routes.ts';

/** Maximum body size; more than any hand-written schema. */
const BODY_BYTES_MAX = 4 << 20;
const REQUEST_MS_MAX = 60_000;
/** Maximum length of a subject in a path; percent-encoding may need nine characters for one. */
const NAME_LENGTH_MAX = 9_000;

/** Dependencies of the API. */
export interface RegistryApiParts {
  readonly store: RegistryStore;
  readonly log: RegistryLog;
  readonly auth?: RegistryServerAuth | undefined;
}

/** Creates Confluent's REST API over a store, not yet listening. */
export function createRegistryApi({ store, log, auth }: RegistryApiParts): FastifyInstance {
  const api = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: NAME_LENGTH_MAX, ignoreTrailingSlash: true },
  });
  logRequests(api, log);
  answerErrors(api, log);
  speakRegistryJson(api);
  if (auth !== undefined) authenticate(api, auth);
  api.get('/', async () => ({}));
  api.get('/contexts', async () => ['.']);
  addSchemaRoutes(api, store);
  addSubjectRoutes(api, store);
  addVersionRoutes(api, store);
  addCompatibilityRoutes(api, store);
  addSettingRoutes(api, store.levels, CONFIG);
  addSettingRoutes(api, store.modes, MODE);
  return api;
}

/** Logs changes at level info, reads at level debug. */
function logRequests(api: FastifyInstance, log: RegistryLog): void {
  api.addHook('onResponse', async ({ method, url }, { statusCode: status, elapsedTime }) => {
    const facts = { method, url, status, ms: Math.round(elapsedTime) };
    if (method === 'GET' || method === 'HEAD') log.debug(facts, 'registry request');
    else log.info(facts, 'registry request');
  });
}
