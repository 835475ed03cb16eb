import { notPermitted } from '../registry-refusal.ts';
import type { RegistryMode } from '../registry-store.ts';
import type { CompatibilityLevel } from '../schema-registry.ts';
import type { Queryable } from './version-rows.ts';

/** The subject under which the global level and mode are stored; no real subject is empty. */
export const GLOBAL = '';

/** A setting of subjects with a global value; one row each. */
export interface SettingTable<Value extends string> {
  /** Returns the subject's own value (for `GLOBAL` the global one); null if there is none. */
  own(client: Queryable, subject: string): Promise<Value | null>;
  /** Sets a value; null removes it. */
  write(client: Queryable, subject: string, value: Value | null): Promise<void>;
}

/** Compatibility levels; the global one is BACKWARD_TRANSITIVE until set. */
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

/** Returns the level that applies to a subject. */
export async function levelOf(client: Queryable, subject: string): Promise<CompatibilityLevel> {
  const own = await LEVELS.own(client, subject);
  return own ?? (await LEVELS.own(client, GLOBAL)) ?? 'BACKWARD_TRANSITIVE';
}

/** Returns the mode that applies to a subject. */
async function modeOf(client: Queryable, subject: string): Promise<RegistryMode> {
  const everywhere = (await MODES.own(client, GLOBAL)) ?? 'READWRITE';
  if (everywhere === 'READONLY_OVERRIDE') return everywhere;
  return (await MODES.own(client, subject)) ?? everywhere;
}

/** Checks that clients may write in the mode of the subject. @throws REGISTRY_REFUSED (42205) */
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
