import { FraudSuspected, LoginAttempted, MetricsWindowClosed } from '../../schemas/index.ts';
import { verifyProjection } from '../../src/cli/terminal/verify-projection.ts';
import { wholeLog } from '../../src/cli/terminal/whole-log.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { emissionId } from '../../src/fold/task/emission-id.ts';
import type { LogPosition } from '../../src/log/log-position.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql } from '../support/read-model.ts';

/** The size of the windows of `login_windows`. */
const WINDOW_MS = 5_000;

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
    ...(await compareWindows(app, databaseUrl, windows)),
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
 * closed. The other way about, the version before may have folded the only event of a window, by a
 * redrive, and told of it: where the active version has set that aside anew, it has no such row.
 */
async function compareWindows(
  app: Reprise,
  url: string,
  { byId }: Alerts,
): Promise<readonly string[]> {
  const rows = await sql<{ user: string; start: string; revised: boolean }>(
    url,
    `select user_id as user, (extract(epoch from window_start) * 1000)::bigint as start, revised_at_offset is not null as revised
     from login_windows`,
  );
  const ids = new Map(rows.map(({ user, start, revised }) => [windowId(user, start), revised]));
  const missing = [...ids].filter(([id, revised]) => !revised && !byId.has(id));
  const setAside = await windowsSetAside(app);
  const surplus = [...byId.keys()].filter((id) => !ids.has(id) && !setAside.has(id));
  const problems: string[] = [];
  if (missing.length > 0)
    problems.push(`${missing.length} of ${ids.size} windows closed without an alert`);
  if (surplus.length > 0) problems.push(`${surplus.length} alerts of windows that are not there`);
  return problems;
}

function windowId(user: string, start: string): string {
  const end = Number(start) + WINDOW_MS;
  return emissionId('login_windows', MetricsWindowClosed.name, 'close', start, end, user);
}

/** The windows of events that are dead letters of the active version. */
async function windowsSetAside(app: Reprise): Promise<ReadonlySet<string>> {
  const active = app.plans.find(({ name }) => name === 'login_windows');
  const letters = await app.deadLetters.list({ projection: 'login_windows' });
  const positions = new Set(
    letters.filter(({ version }) => version === active?.version).map(positionOf),
  );
  const ids = new Set<string>();
  if (positions.size === 0) return ids;
  for await (const { record, event } of wholeLog(app, LoginAttempted)) {
    if (!positions.has(positionOf(record))) continue;
    const { userId, occurredAt } = event as LoginAttempted;
    const start = Math.floor(occurredAt.getTime() / WINDOW_MS) * WINDOW_MS;
    ids.add(windowId(userId, String(start)));
  }
  return ids;
}

function positionOf({ topic, partition, offset }: LogPosition): string {
  return `${topic}[${partition}]@${offset}`;
}
