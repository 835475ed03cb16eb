import type { FastifyInstance } from 'fastify';
import type { RegistryStore } from '../registry-store.ts';
import { versionAnswer } from './version-answer.ts';
import { draftIn, flag, type Query, type SubjectPath, scopeOf } from './version-in.ts';

/** Adds `/subjects` and `/subjects/{subject}`. */
export function addSubjectRoutes(api: FastifyInstance, store: RegistryStore): void {
  api.get<{ Querystring: Query }>('/subjects', async ({ query }) =>
    store.subjects(scopeOf(query), query['subjectPrefix']),
  );

  api.post<{ Params: SubjectPath }>('/subjects/:subject', async ({ params, query, body }) =>
    versionAnswer(await store.find(params.subject, draftIn(body, query), scopeOf(query))),
  );

  api.delete<{ Params: SubjectPath }>('/subjects/:subject', async ({ params, query }) =>
    store.deleteSubject(params.subject, flag(query, 'permanent')),
  );
}
