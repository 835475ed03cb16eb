import type { ClientBase } from 'pg';
import { sealedPrefix } from '../avro/pii/pii-envelope.ts';
import { piiFieldsOf } from '../avro/pii/pii-fields.ts';
import { destroyKey, subjectKeys } from '../erasure/postgres/subject-keys.ts';
import { sourcesWithPii } from '../fold/batch/sources-with-pii.ts';
import { inTransaction } from '../postgres/in-transaction.ts';
import type { Plan } from '../projection/plan/plan.ts';
import { quoted, tableName } from '../readmodel/table-name.ts';
import type { RunnerSettings } from './settings/runner-settings.ts';
import { assertDatabase } from './store/assert-database.ts';
import { readLettersOf, replaceMessages } from './store/dead-letter-store.ts';
import { readVersions } from './store/version-store.ts';
import type { AffectedProjection, SubjectReport } from './subject-report.ts';

/** Replaces the messages of dead letters, which may quote values. */
const REMOVED = 'The message was removed: it may have quoted a subject that was forgotten.';

/**
 * Reads what is stored about a subject: its keys, the projections that read `pii` fields, and the
 * dead letters that hold its values. Changes nothing.
 */
export async function readSubject(
  settings: RunnerSettings,
  plans: readonly Plan[],
  subject: string,
): Promise<SubjectReport> {
  await assertDatabase(settings.pool);
  return inTransaction(settings.pool, (client) => report(client, plans, subject));
}

/**
 * Destroys the key of a subject. Steps: 1 destroy the key, recording when and by whom; 2 replace
 * the messages of its dead letters, which may quote it. Once committed, no flush commits values
 * that this key decrypted. Idempotent.
 * @returns what is now stored about the subject; `destroyed`: whether a key was destroyed
 */
export async function forget(
  settings: RunnerSettings,
  plans: readonly Plan[],
  { subject, by }: { readonly subject: string; readonly by: string },
): Promise<SubjectReport & { readonly destroyed: boolean }> {
  await assertDatabase(settings.pool);
  const forgotten = await inTransaction(settings.pool, async (client) => {
    const destroyed = await destroyKey(client, subject, by); // 1
    const found = await report(client, plans, subject);
    await replaceMessages(client, prefixes(found), REMOVED); // 2
    return { ...found, destroyed };
  });
  const ids = forgotten.keys.map(({ keyId }) => keyId);
  settings.dataKeys?.drop(ids, subject);
  return forgotten;
}

async function report(
  client: ClientBase,
  plans: readonly Plan[],
  subject: string,
): Promise<SubjectReport> {
  const keys = await subjectKeys(client, subject);
  const projections: AffectedProjection[] = [];
  for (const plan of plans) projections.push(...(await affected(client, plan, subject)));
  const topics = plans.flatMap(({ sources }) =>
    sources.flatMap(({ event }) => (piiFieldsOf(event).length > 0 ? [event.topic] : [])),
  );
  const deadLetters = await readLettersOf(client, {
    subject,
    prefixes: prefixes({ keys }),
    topics,
  });
  return { subject, keys, projections, deadLetters };
}

/** Reads the stored versions of a projection that read `pii` fields. */
async function affected(
  client: ClientBase,
  plan: Plan,
  subject: string,
): Promise<readonly AffectedProjection[]> {
  if (sourcesWithPii(plan).length === 0) return [];
  const column = subjectColumn(plan);
  const stored = await readVersions(client, plan.name);
  const found: AffectedProjection[] = [];
  for (const { version, state } of stored) {
    const { name } = plan;
    const isDeclared = version === plan.version;
    const rows =
      isDeclared && column !== null ? await countRows(client, plan, { column, subject }) : null;
    found.push({ name, version, state, isDeclared, column, rows });
  }
  return found;
}

/**
 * Returns the key column that holds the subject, or null. With it, rows are found without a replay.
 */
function subjectColumn(plan: Plan): string | null {
  const subjects = new Set(
    sourcesWithPii(plan).flatMap(({ event }) => piiFieldsOf(event).map((each) => each.subject)),
  );
  const key = plan.keys.find(({ field }) => subjects.has(field));
  if (key !== undefined || plan.kind !== 'table') return key?.column ?? null;
  const keyColumns = plan.table.columns.filter(({ role }) => role === 'key');
  for (const { table, keys } of plan.handlers) {
    if (table !== 0 || keys.kind !== 'fields') continue;
    const at = keys.fields.findIndex((field) => subjects.has(field));
    if (at >= 0) return keyColumns[at]?.name ?? null;
  }
  return null;
}

async function countRows(
  client: ClientBase,
  plan: Plan,
  { column, subject }: { readonly column: string; readonly subject: string },
): Promise<bigint> {
  const { rows } = await client.query<{ n: string }>(
    `select count(*) as n from ${tableName(plan.table)} where ${quoted(column)}::text = $1`,
    [subject],
  );
  return BigInt(rows[0]?.n ?? 0);
}

function prefixes({ keys }: Pick<SubjectReport, 'keys'>): readonly Buffer[] {
  return keys.map(({ keyId }) => sealedPrefix(keyId));
}
