import { notPermitted } from '../registry-refusal.ts';
import type { RegistryMode } from '../registry-store.ts';
import type { CompatibilityLevel } from '../schema-registry.ts';
import type { Queryable } from './version-rows.ts';

/** The subject under which the global level and mode are kept; no real one is empty. */
export const GLOBAL = '';

/** What is set per subject or for all of them, one row each. */
export interface SettingTable<Value extends string> {
  /** The subject's own value, or the global one for `GLOBAL`; null where there is none. */
  own(client: Queryable, subject: string): Promise<Value | null>;
  /** Sets a value; null takes it away. */
  write(client: Queryable, subject: string, value: Value | null): Promise<void>;
}

/** Levels; the global one is BACKWARD_TRANSITIVE until set. */
export const LEVELS = settingTable<CompatibilityLevel>({
  table: 'reprise.registry_compatibility',
  column: 'level',
  unset: 'BACKWARD_TRANSITIVE',
});

/** Modes; the global one is READWRITE until set. */
export const MODES = settingTable<RegistryMode>({
  table: 'reprise.registry_modes',
  column: 'mode',
  unset: 'READWRITE',
});

function settingTable<Value extends string>(of: {
  readonly table: string;
  readonly column: string;
  readonly unset: Value;
}): SettingTable<Value> {
  const { table, column, unset } = of;
  return {
    async own(client, subject) {
      const { rows } = await client.query<{ value: Value }>(
        `select ${column} as value from ${table} where subject = $1`,
        [subject],
      );
      return rows[0]?.value ?? (subject === GLOBAL ? unset : null);
    },
    async write(client, subject, value) {
      const [statement, values] =
        value === null
          ? [`delete from ${table} where subject = $1`, [subject]]
          : [
              `insert into ${table} (subject, ${column}) values ($1, $2)
               on conflict (subject) do update set ${column} = excluded.${column}`,
              [subject, value],
            ];
      await client.query(statement, values);
    },
  };
}

/** The level that holds for a subject. */
export async function levelOf(client: Queryable, subject: string): Promise<CompatibilityLevel> {
  const own = await LEVELS.own(client, subject);
  return own ?? (await LEVELS.own(client, GLOBAL)) ?? 'BACKWARD_TRANSITIVE';
}

/** The mode that holds for a subject. */
async function modeOf(client: Queryable, subject: string): Promise<RegistryMode> {
  const everywhere = (await MODES.own(client, GLOBAL)) ?? 'READWRITE';
  if (everywhere === 'READONLY_OVERRIDE') return everywhere;
  return (await MODES.own(client, subject)) ?? everywhere;
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
