import type { ClientBase, Pool, PoolClient } from 'pg';
import { neverSignal } from '../../concurrency/never-signal.ts';
import type { LogPosition } from '../../log/log-position.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { tableName } from '../../readmodel/table-name.ts';
import { RepriseError } from '../../reprise-error.ts';
import { finishTable } from '../rebuild/finish-table.ts';
import { createProgress } from '../rebuild/progress-meter.ts';
import type { ReplayOptions } from '../rebuild/replay-task.ts';
import { replayTask } from '../rebuild/replay-task.ts';
import { recordId } from '../recovery/repeat.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { type NextOffsets, readNextOffsets } from '../store/checkpoint-store.ts';
import { createTables, dropVersion } from '../store/create-tables.ts';
import { readSetAside } from '../store/dead-letter-store.ts';
import { copyJournal } from '../store/journal-store.ts';
import { assertSameShape, readVersion } from '../store/version-store.ts';
import {
  compareTables,
  type DifferentRow,
  SNAPSHOT_SCHEMA,
  snapshotName,
} from './compare-tables.ts';
import { recordsBehind } from './records-behind.ts';
import type { VerifyOptions, VerifyReport } from './verify-report.ts';

/** Version number of the replay of a verification; versions of classes start at 1. */
const SCRATCH_VERSION = 0;

/** What a replay needs to repeat the live version. */
interface Snapshot {
  /** Next offsets of the live version when its rows were copied. */
  readonly offsets: NextOffsets;
  /** Its dead letters, by partition. */
  readonly deadLetters: ReadonlyMap<number, readonly LogPosition[]>;
}

/**
 * Replays the declared definition into scratch tables, up to exactly the offsets of the stored
 * version, and compares every table row by row. The live version continues in the meantime. Steps:
 * 1 copy its rows, offsets and journal in one snapshot, 2 replay up to those offsets, 3 compare, 4
 * read the log of partitions that differ once more, to find the records behind the rows, 5 drop the
 * scratch tables. One verification of a projection at a time.
 * @throws VERIFY_REFUSED, VERSION_NOT_RAISED, DATA_LOSS when the log has lost its start
 */
export function verify(
  settings: RunnerSettings,
  plan: Plan,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  return verifyAnd(settings, plan, options, () => Promise.resolve());
}

/** Both sets of tables. They exist only during the verification. */
export interface Replayed {
  readonly live: Plan;
  readonly scratch: Plan;
}

/**
 * Verifies, and calls `onDifference` if rows differ, before the replayed rows are dropped.
 * @throws as `verify`
 */
export async function verifyAnd(
  settings: RunnerSettings,
  plan: Plan,
  options: VerifyOptions,
  onDifference: (replayed: Replayed) => Promise<void>,
): Promise<VerifyReport> {
  await assertDatabase(settings.pool);
  const against = options.against ?? plan.version;
  if (!plan.replayable) {
    throw refused(plan, 'it uses processing time, so a replay gives other rows.');
  }
  const client = await settings.pool.connect();
  try {
    await lockVerification(client, plan);
    return await verifyAlone(settings, client, { plan, against, options, onDifference });
  } finally {
    // The server releases the locks of a closed session late, when it detects the closed
    // connection.
    await client.query('select pg_advisory_unlock_all()').catch(() => undefined);
    client.release(true);
  }
}

async function verifyAlone(
  settings: RunnerSettings,
  client: PoolClient,
  work: {
    readonly plan: Plan;
    readonly against: number;
    readonly options: VerifyOptions;
    readonly onDifference: (replayed: Replayed) => Promise<void>;
  },
): Promise<VerifyReport> {
  const { plan, against, options } = work;
  const startedMs = performance.now();
  const live = versionOf(plan, against);
  const scratch = versionOf(plan, SCRATCH_VERSION);
  await dropScratch(client, scratch); // left by a verification that was killed
  try {
    const snapshot = await takeSnapshot(settings.pool, { plan, live, scratch }); // 1
    const { offsets } = snapshot;
    const progress = createProgress(live, countRecords(offsets), options.onProgress);
    await replayAll(settings, scratch, { snapshot, options, onRecords: progress.add }); // 2
    if (scratch.rebuild === 'partial') {
      await inTransaction(settings.pool, (other) => finishTable(other, scratch, progress.phase));
    }
    const differences: DifferentRow[] = [];
    let total = 0;
    for (const [i, table] of live.tables.entries()) {
      const compared = await compareTables(client, table, scratch.tables[i] as typeof table); // 3
      differences.push(...compared.differences);
      total += compared.total;
    }
    if (total > 0) await work.onDifference({ live, scratch });
    const rows = await client.query<{ n: string }>(
      `select count(*) as n from ${snapshotName(live.table)}`,
    );
    const { signal = neverSignal() } = options;
    const of = { plan: live, differences, ...snapshot, signal };
    const traced = await recordsBehind(settings, of); // 4
    progress.phase('done');
    return {
      name: plan.name,
      version: against,
      records: progress.records(),
      rows: BigInt(rows.rows[0]?.n ?? 0),
      differentRows: total,
      differences: traced,
      offsets: [...offsets].flatMap(([partition, topics]) =>
        [...topics].map(([topic, nextOffset]) => ({ topic, partition, nextOffset })),
      ),
      seconds: (performance.now() - startedMs) / 1000,
    };
  } finally {
    await dropScratch(client, scratch); // 5
  }
}

/** Returns the plan with the tables of another version. */
function versionOf(plan: Plan, version: number): Plan {
  const tables = plan.tables.map((table) => ({ ...table, version }));
  const [table] = tables as [Plan['table']];
  return { ...plan, version, tables, table };
}

async function lockVerification(client: PoolClient, plan: Plan): Promise<void> {
  const { rows } = await client.query<{ mine: boolean }>(
    `select pg_try_advisory_lock(hashtext('reprise.verify'), hashtext($1)) as mine`,
    [plan.name],
  );
  if (rows[0]?.mine !== true) throw refused(plan, 'another verification of it is in progress.');
}

function takeSnapshot(
  pool: Pool,
  of: { readonly plan: Plan; readonly live: Plan; readonly scratch: Plan },
): Promise<Snapshot> {
  const { plan, live, scratch } = of;
  const copy = async (client: PoolClient): Promise<Snapshot> => {
    const stored = await readVersion(client, plan.name, live.version);
    if (stored === undefined || stored.state === 'building') {
      throw refused(plan, `version ${live.version} is not built.`);
    }
    assertSameShape(plan, stored);
    await client.query('set local statement_timeout = 0');
    await client.query(`create schema if not exists ${SNAPSHOT_SCHEMA}`);
    for (const table of live.tables) {
      await client.query(
        `create unlogged table ${snapshotName(table)} as select * from ${tableName(table)}`,
      );
    }
    await createTables(client, scratch, plan.rebuild === 'partial' ? 'later' : 'now');
    await copyScratchJournal(client, plan, live);
    return {
      offsets: await readNextOffsets(client, live),
      deadLetters: await readSetAside(client, live),
    };
  };
  return inTransaction(pool, copy, { isolation: 'repeatable read' });
}

async function copyScratchJournal(client: ClientBase, plan: Plan, live: Plan): Promise<void> {
  await copyJournal(client, {
    projection: plan.name,
    fromVersion: live.version,
    toVersion: SCRATCH_VERSION,
    all: true,
  });
}

function countRecords(offsets: NextOffsets): number {
  let records = 0n;
  for (const topics of offsets.values()) for (const next of topics.values()) records += next;
  return Number(records);
}

interface Replay {
  readonly snapshot: Snapshot;
  readonly options: VerifyOptions;
  readonly onRecords: (records: number) => void;
}

async function replayAll(settings: RunnerSettings, scratch: Plan, work: Replay): Promise<void> {
  for (const partition of work.snapshot.offsets.keys()) {
    const key = { projection: scratch.name, version: scratch.version, partition };
    await replayTask(settings, key, { plan: scratch, ...replayOf(partition, work) });
  }
}

/** Returns the options that make the replay of a partition repeat the live version. */
function replayOf(
  partition: number,
  { snapshot, options, onRecords }: Replay,
): Omit<ReplayOptions, 'plan'> {
  return {
    untilOffsets: snapshot.offsets.get(partition) ?? new Map(),
    acceptDataLoss: options.acceptDataLoss ?? false,
    signal: options.signal ?? neverSignal(),
    onRecords,
    repeats: (snapshot.deadLetters.get(partition) ?? []).map(({ topic, offset }) =>
      recordId(topic, offset),
    ),
  };
}

async function dropScratch(client: ClientBase, scratch: Plan): Promise<void> {
  const { name: projection, version, tables } = scratch;
  await dropVersion(client, { projection, version, tables });
  for (const table of tables) await client.query(`drop table if exists ${snapshotName(table)}`);
}

function refused(plan: Plan, why: string): RepriseError {
  return new RepriseError('VERIFY_REFUSED', `${plan.name} cannot be verified: ${why}`, {
    facts: { projection: plan.name, version: plan.version },
  });
}
