import type { FastifyInstance } from 'fastify';
import { REGISTRY_ERRORS, registryRefusal, unknownSubject } from '../registry-refusal.ts';
import type { RegistryMode, RegistryStore } from '../registry-store.ts';
import { flag, type SubjectPath } from './request.ts';

const MODES: readonly RegistryMode[] = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'];

/** `/mode` and `/mode/{subject}`. */
export function addModeRoutes(api: FastifyInstance, store: RegistryStore): void {
  api.get('/mode', async () => ({ mode: await store.mode(null) }));

  api.put('/mode', async ({ body, query }) => {
    const mode = modeIn(body);
    await store.setMode(null, mode, { force: flag(query, 'force') });
    return { mode };
  });

  api.delete('/mode', async () => {
    const mode = await store.mode(null);
    await store.clearMode(null);
    return { mode };
  });

  api.get<{ Params: SubjectPath }>('/mode/:subject', async ({ params, query }) => {
    const { subject } = params;
    const own = await store.mode(subject);
    if (own !== null) return { mode: own };
    if (flag(query, 'defaultToGlobal')) return { mode: await store.mode(null) };
    throw registryRefusal(
      REGISTRY_ERRORS.noSubjectMode,
      `Subject '${subject}' does not have subject-level mode configured`,
      { facts: { subject } },
    );
  });

  api.put<{ Params: SubjectPath }>('/mode/:subject', async ({ params, body, query }) => {
    const mode = modeIn(body);
    await store.setMode(params.subject, mode, { force: flag(query, 'force') });
    return { mode };
  });

  api.delete<{ Params: SubjectPath }>('/mode/:subject', async ({ params }) => {
    const own = await store.mode(params.subject);
    if (own === null) throw unknownSubject(params.subject);
    await store.clearMode(params.subject);
    return { mode: own };
  });
}

function modeIn(body: unknown): RegistryMode {
  const { mode } = (body ?? {}) as { mode?: unknown };
  const found = MODES.find((one) => one === String(mode).toUpperCase());
  if (found !== undefined) return found;
  throw registryRefusal(
    REGISTRY_ERRORS.invalidMode,
    `Invalid mode. Valid values are ${MODES.join(', ')}`,
  );
}
