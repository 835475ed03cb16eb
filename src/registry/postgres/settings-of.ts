import type { Pool, PoolClient } from 'pg';
import { notPermitted } from '../registry-refusal.ts';
import type { RegistryStore, SubjectSetting } from '../registry-store.ts';
import { exclusively } from './exclusively.ts';
import { guarded } from './guarded.ts';
import { GLOBAL, LEVELS, MODES, requireWritable, type SettingTable } from './level-of.ts';
import { readSubjects } from './read-version.ts';
import { requireSubject } from './require-subject.ts';
import { versionRows } from './version-rows.ts';

/** Checks that a value may be written or (null) removed. */
type Permission<Value> = (
  client: PoolClient,
  subject: string,
  value: Value | null,
  force: boolean,
) => Promise<void>;

/** Creates the part of the store that holds levels and modes. */
export function settingsOf(pool: Pool): Pick<RegistryStore, 'levels' | 'modes'> {
  return {
    levels: settingOf(pool, LEVELS, async (client, subject) => {
      await requireWritable(client, subject);
    }),
    modes: settingOf(pool, MODES, async (client, subject, mode, force) => {
      const isNew = (await MODES.own(client, subject)) !== mode;
      if (mode === 'IMPORT' && isNew && !force) await requireEmpty(client, subject);
    }),
  };
}

function settingOf<Value extends string>(
  pool: Pool,
  table: SettingTable<Value>,
  permit: Permission<Value>,
): SubjectSetting<Value> {
  const write = (subject: string | null, value: Value | null, force = false) =>
    guarded('writing a setting', () =>
      exclusively(pool, async (client) => {
        if (subject !== null) requireSubject(subject);
        await permit(client, subject ?? GLOBAL, value, force);
        await table.write(client, subject ?? GLOBAL, value);
      }),
    );
  return {
    own: (subject) => guarded('reading a setting', () => table.own(pool, subject ?? GLOBAL)),
    set: (subject, value, options = {}) => write(subject, value, options.force),
    clear: (subject) => write(subject, null),
  };
}

async function requireEmpty(client: PoolClient, subject: string): Promise<void> {
  const found =
    subject === GLOBAL
      ? await readSubjects(client, 'live')
      : await versionRows(client, subject, 'live');
  if (found.length === 0) return;
  throw notPermitted('Cannot import since found existing subjects', subject);
}
