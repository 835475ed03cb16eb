import { FraudSuspected, MetricsWindowClosed } from '../../schemas/index.ts';
import { verifyProjection } from '../../src/cli/terminal/verify-projection.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { emissionId } from '../../src/fold/task/emission-id.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql } from '../support/read-model.ts';

/** What comes of the alerts, by their ids. */
export interface AlertReport {
  readonly problems: readonly string[];
  /** Different alerts that were published. */
  readonly alerts: number;
  /** Different windows whose end was published. */
  readonly windows: number;
  /** Times that the relay published one again, with the same id: consumers drop those. */
  readonly repeats: number;
}

/**
 * Read model = plain fold of the whole log = replay into a scratch schema. @returns differences in
 * words
 */
export async function compareReadModels(app: Reprise): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const plan of app.plans) {
    // The plain fold knows nothing of dead letters.
    if (plan.name !== 'login_windows') {
      problems.push(...(await verifyProjection(app, plan, foldInterpreted)));
    }
    const { differentRows, rows } = await app.versions.verify(plan.name);
    if (differentRows > 0)
      problems.push(`${plan.name}: ${differentRows} rows differ from a rebuild`);
    if (rows === 0n) problems.push(`${plan.name} is empty: nothing was shown`);
  }
  return problems;
}

/**
 * Every match and every closed window of the read models was published under one id, and nothing
 * else was.
 */
export async function compareAlerts(app: Reprise, databaseUrl: string): Promise<AlertReport> {
  const matches = await readAlerts(app, FraudSuspected.topic);
  const windows = await readAlerts(app, MetricsWindowClosed.topic);
  const problems = [
    ...(await compareMatches(databaseUrl, matches)),
    ...(await compareWindows(databaseUrl, windows)),
  ];
  return {
    problems,
    alerts: matches.byId.size,
    windows: windows.byId.size,
    repeats: matches.records + windows.records - matches.byId.size - windows.byId.size,
  };
}

/**
 * The records of a topic of alerts by their ids: the same alert, byte for byte but for the id of
 * its schema.
 */
interface Alerts {
  readonly byId: ReadonlyMap<string, string>;
  readonly records: number;
}

async function readAlerts(app: Reprise, topic: string): Promise<Alerts> {
  const byId = new Map<string, string>();
  let records = 0;
  const partitions = (await app.log.describe([topic])).get(topic)?.partitions ?? [];
  for (const { partition, stableEndOffset } of partitions) {
    if (stableEndOffset === 0n) continue;
    const position = { topic, partition, offset: 0n, untilOffset: stableEndOffset };
    for await (const batch of app.log.read([position])) {
      for (let i = 0; i < batch.count; i += 1) {
        const { headers, value } = recordAt(batch, i);
        const id = headers.find(({ key }) => key === 'reprise-id')?.value?.toString() ?? '';
        byId.set(id, value?.subarray(5).toString('hex') ?? '');
        records += 1;
      }
    }
  }
  return { byId, records };
}

async function compareMatches(url: string, { byId }: Alerts): Promise<readonly string[]> {
  // Failures of one millisecond make matches that say the same: as many alerts say the same then.
  const [row] = await sql<{ matches: string; different: string }>(
    url,
    `select count(*) as matches, count(distinct (user_id, first_failure_at, last_failure_at)) as different
     from login_fraud`,
  );
  const matches = Number(row?.matches);
  const problems: string[] = [];
  const twice = Number(row?.different) - new Set(byId.values()).size;
  if (twice !== 0) problems.push(`${twice} alerts were published under the ids of others`);
  if (byId.size !== matches) problems.push(`${byId.size} alerts for ${matches} matches`);
  return problems;
}

/**
 * A window that a dead letter was folded into afterwards may have had no other event: then nothing
 * closed.
 */
async function compareWindows(url: string, { byId }: Alerts): Promise<readonly string[]> {
  const rows = await sql<{ user: string; start: string; revised: boolean }>(
    url,
    `select user_id as user, (extract(epoch from window_start) * 1000)::bigint as start, revised_at_offset is not null as revised
     from login_windows`,
  );
  const ids = new Map(
    rows.map(({ user, start, revised }) => [
      emissionId(
        'login_windows',
        MetricsWindowClosed.name,
        'close',
        start,
        Number(start) + 5_000,
        user,
      ),
      revised,
    ]),
  );
  const missing = [...ids].filter(([id, revised]) => !revised && !byId.has(id));
  const surplus = [...byId.keys()].filter((id) => !ids.has(id));
  const problems: string[] = [];
  if (missing.length > 0)
    problems.push(`${missing.length} of ${ids.size} windows closed without an alert`);
  // A version may have set aside the only event of a window that the one before folded, by
  // a redrive, and told of.
  const [letters] = await sql<{ n: number }>(
    url,
    `select count(*)::int as n from reprise.dead_letters where projection = 'login_windows'`,
  );
  if (surplus.length > (letters?.n ?? 0))
    problems.push(
      `${surplus.length} alerts of windows that are not there, with ${letters?.n} dead letters`,
    );
  return problems;
}
