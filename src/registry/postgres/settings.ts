import { notPermitted } from '../registry-refusal.ts';
import type { RegistryMode } from '../registry-store.ts';
import type { CompatibilityLevel } from '../schema-registry.ts';
import type { Queryable } from './version-rows.ts';

/** The subject under which the global level and mode are kept; no real one is empty. */
export const GLOBAL = '';
const DEFAULT_LEVEL: CompatibilityLevel = 'BACKWARD_TRANSITIVE';

/** The subject's own level, or the global one for `GLOBAL`; null where there is none. */
export async function ownLevel(
  client: Queryable,
  subject: string,
): Promise<CompatibilityLevel | null> {
  const { rows } = await client.query<{ level: CompatibilityLevel }>(
    'select level from reprise.registry_compatibility where subject = $1',
    [subject],
  );
  return rows[0]?.level ?? (subject === GLOBAL ? DEFAULT_LEVEL : null);
}

/** The level that holds for a subject. */
export async function levelOf(client: Queryable, subject: string): Promise<CompatibilityLevel> {
  return (await ownLevel(client, subject)) ?? (await ownLevel(client, GLOBAL)) ?? DEFAULT_LEVEL;
}

/** Sets a level; null takes it away. */
export async function writeLevel(
  client: Queryable,
  subject: string,
  level: CompatibilityLevel | null,
): Promise<void> {
  if (level === null) {
    await client.query('delete from reprise.registry_compatibility where subject = $1', [subject]);
    return;
  }
  await client.query(
    `insert into reprise.registry_compatibility (subject, level) values ($1, $2)
     on conflict (subject) do update set level = excluded.level`,
    [subject, level],
  );
}

/** The subject's own mode, or the global one for `GLOBAL`; null where there is none. */
export async function ownMode(client: Queryable, subject: string): Promise<RegistryMode | null> {
  const { rows } = await client.query<{ mode: RegistryMode }>(
    'select mode from reprise.registry_modes where subject = $1',
    [subject],
  );
  return rows[0]?.mode ?? (subject === GLOBAL ? 'READWRITE' : null);
}

/** The mode that holds for a subject. */
async function modeOf(client: Queryable, subject: string): Promise<RegistryMode> {
  const everywhere = (await ownMode(client, GLOBAL)) ?? 'READWRITE';
  if (everywhere === 'READONLY_OVERRIDE') return everywhere;
  return (await ownMode(client, subject)) ?? everywhere;
}

/** Sets a mode; null takes it away. */
export async function writeMode(
  client: Queryable,
  subject: string,
  mode: RegistryMode | null,
): Promise<void> {
  if (mode === null) {
    await client.query('delete from reprise.registry_modes where subject = $1', [subject]);
    return;
  }
  await client.query(
    `insert into reprise.registry_modes (subject, mode) values ($1, $2)
     on conflict (subject) do update set mode = excluded.mode`,
    [subject, mode],
  );
}

/** @throws REGISTRY_REFUSED (42205) when nobody may write in the mode of the subject */
export async function requireWritable(client: Queryable, subject: string): Promise<RegistryMode> {
  const mode = await modeOf(client, subject);
  if (!mode.startsWith('READONLY')) return mode;
  throw notPermitted(
    subject === GLOBAL
      ? 'The registry is in read-only mode'
      : `Subject ${subject} is in read-only mode`,
    subject,
  );
}
