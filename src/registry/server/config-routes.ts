import type { FastifyInstance } from 'fastify';
import { COMPATIBILITY_LEVELS, type CompatibilityLevel } from '../../avro/compatibility-level.ts';
import { REGISTRY_ERRORS, registryRefusal, unknownSubject } from '../registry-refusal.ts';
import type { RegistryStore } from '../registry-store.ts';
import { flag, type SubjectPath } from './request.ts';

/** `/config` and `/config/{subject}`: levels. */
export function addConfigRoutes(api: FastifyInstance, store: RegistryStore): void {
  api.get('/config', async () => ({ compatibilityLevel: await store.level(null) }));

  api.put('/config', async ({ body }) => {
    const level = levelIn(body);
    await store.setLevel(null, level);
    return { compatibility: level };
  });

  api.delete('/config', async () => {
    const compatibilityLevel = await store.level(null);
    await store.clearLevel(null);
    return { compatibilityLevel };
  });

  api.get<{ Params: SubjectPath }>('/config/:subject', async ({ params, query }) => {
    const { subject } = params;
    const own = await store.level(subject);
    if (own !== null) return { compatibilityLevel: own };
    if (flag(query, 'defaultToGlobal')) return { compatibilityLevel: await store.level(null) };
    throw registryRefusal(
      REGISTRY_ERRORS.noSubjectLevel,
      `Subject '${subject}' does not have subject-level compatibility configured`,
      { facts: { subject } },
    );
  });

  api.put<{ Params: SubjectPath }>('/config/:subject', async ({ params, body }) => {
    const level = levelIn(body);
    await store.setLevel(params.subject, level);
    return { compatibility: level };
  });

  api.delete<{ Params: SubjectPath }>('/config/:subject', async ({ params }) => {
    const own = await store.level(params.subject);
    if (own === null) throw unknownSubject(params.subject);
    await store.clearLevel(params.subject);
    return { compatibilityLevel: own };
  });
}

function levelIn(body: unknown): CompatibilityLevel {
  const { compatibility } = (body ?? {}) as { compatibility?: unknown };
  const level = COMPATIBILITY_LEVELS.find((one) => one === String(compatibility).toUpperCase());
  if (level !== undefined) return level;
  throw registryRefusal(
    REGISTRY_ERRORS.invalidLevel,
    'Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive',
  );
}
