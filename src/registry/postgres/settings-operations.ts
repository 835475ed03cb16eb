import type { Pool } from 'pg';
import { notPermitted } from '../registry-refusal.ts';
import type { RegistryStore } from '../registry-store.ts';
import { exclusively } from './exclusively.ts';
import { guarded } from './guarded.ts';
import { readSubjects } from './read-versions.ts';
import { requireSubject } from './require-subject.ts';
import { GLOBAL, ownLevel, ownMode, requireWritable, writeLevel, writeMode } from './settings.ts';
import { versionRows } from './version-rows.ts';

type Settings = Pick<
  RegistryStore,
  'level' | 'setLevel' | 'clearLevel' | 'mode' | 'setMode' | 'clearMode'
>;

/** The part of the store that keeps levels and modes. */
export function settingsOf(pool: Pool): Settings {
  const levelled = (subject: string | null, level: Parameters<typeof writeLevel>[2]) =>
    guarded('setting a level', () =>
      exclusively(pool, async (client) => {
        if (subject !== null) requireSubject(subject);
        await requireWritable(client, subject ?? GLOBAL);
        await writeLevel(client, subject ?? GLOBAL, level);
      }),
    );
  return {
    level: (subject) => guarded('reading a level', () => ownLevel(pool, subject ?? GLOBAL)),
    setLevel: levelled,
    clearLevel: (subject) => levelled(subject, null),
    mode: (subject) => guarded('reading a mode', () => ownMode(pool, subject ?? GLOBAL)),
    setMode: (subject, mode, options = {}) =>
      guarded('setting a mode', () =>
        exclusively(pool, async (client) => {
          if (subject !== null) requireSubject(subject);
          const isNew = (await ownMode(client, subject ?? GLOBAL)) !== mode;
          if (mode === 'IMPORT' && isNew && options.force !== true) {
            const taken =
              subject === null
                ? (await readSubjects(client, 'live')).length > 0
                : (await versionRows(client, subject, 'live')).length > 0;
            if (taken) {
              throw notPermitted('Cannot import since found existing subjects', subject ?? GLOBAL);
            }
          }
          await writeMode(client, subject ?? GLOBAL, mode);
        }),
      ),
    clearMode: (subject) =>
      guarded('clearing a mode', () => writeMode(pool, subject ?? GLOBAL, null)),
  };
}
