import type { FastifyInstance } from 'fastify';
import { type RegistryErrorCode, registryRefusal, unknownSubject } from '../registry-refusal.ts';
import type { SubjectSetting } from '../registry-store.ts';
import { flag, type SubjectPath } from './version-in.ts';

/** Names of a setting in the API. */
export interface SettingNames<Value extends string> {
  /** The first part of the path. */
  readonly path: string;
  /** Name of the value in answers to `GET`, and in the body of `PUT` and its answer. */
  readonly read: string;
  readonly written: string;
  readonly values: readonly Value[];
  readonly invalid: { readonly code: RegistryErrorCode; readonly words: string };
  /** Error for a subject without a value; the words follow `Subject 'x' does not have `. */
  readonly missing: { readonly code: RegistryErrorCode; readonly words: string };
}

/** Adds `/path` for the global value and `/path/{subject}` for a subject's own. */
export function addSettingRoutes<Value extends string>(
  api: FastifyInstance,
  setting: SubjectSetting<Value>,
  names: SettingNames<Value>,
): void {
  const { path, read, written, missing } = names;
  const set = async (subject: string | null, body: unknown, query: unknown) => {
    const value = valueIn(body, names);
    await setting.set(subject, value, { force: flag(query, 'force') });
    return { [written]: value };
  };
  const clear = async (subject: string | null) => {
    const own = await setting.own(subject);
    if (own === null) throw unknownSubject(subject ?? '');
    await setting.clear(subject);
    return { [read]: own };
  };

  api.get(`/${path}`, async () => ({ [read]: await setting.own(null) }));
  api.put(`/${path}`, async ({ body, query }) => set(null, body, query));
  api.delete(`/${path}`, async () => clear(null));

  api.get<{ Params: SubjectPath }>(`/${path}/:subject`, async ({ params, query }) => {
    const { subject } = params;
    const own = await setting.own(subject);
    if (own !== null) return { [read]: own };
    if (flag(query, 'defaultToGlobal')) return { [read]: await setting.own(null) };
    const words = `Subject '${subject}' does not have ${missing.words}`;
    throw registryRefusal(missing.code, words, { facts: { subject } });
  });
  api.put<{ Params: SubjectPath }>(`/${path}/:subject`, async ({ params, body, query }) =>
    set(params.subject, body, query),
  );
  api.delete<{ Params: SubjectPath }>(`/${path}/:subject`, async ({ params }) =>
    clear(params.subject),
  );
}

function valueIn<Value extends string>(body: unknown, names: SettingNames<Value>): Value {
  const given = ((body ?? {}) as Readonly<Record<string, unknown>>)[names.written];
  const value = names.values.find((one) => one === String(given).toUpperCase());
  if (value !== undefined) return value;
  throw registryRefusal(names.invalid.code, names.invalid.words);
}
