import type { ClientBase } from 'pg';
import { createBackoff } from '../../concurrency/backoff.ts';
import { neverSignal } from '../../concurrency/never-signal.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { upsertRows } from '../../readmodel/upsert-rows.ts';
import { FoldAgain, isRepriseError, RepriseError } from '../../reprise-error.ts';
import { partitionsLeftAlone } from '../ownership/partitions-left-alone.ts';
import type { Recovery } from '../recovery/recovery.ts';
import { createRecovery } from '../recovery/recovery.ts';
import { lostToOthers } from '../session/lost-to-others.ts';
import { openSession, recordOutcome } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { countQuarantined } from '../store/dead-letter-store.ts';
import {
  assertSameShape,
  lockProjection,
  readActive,
  readVersion,
} from '../store/version-store.ts';
import type { ActivateOptions, ActivateReport } from './activate-report.ts';
import type { Behind } from './switch-version.ts';
import { switchVersion } from './switch-version.ts';

/**
 * Limit of records of the last round. The live version waits during it, so it must take only a
 * fraction of a session's time-outs.
 */
const LAST_ROUND_RECORDS = 20_000n;

/**
 * Limit of the last round. Records left then are folded while the live version runs. Milliseconds.
 */
const LAST_ROUND_MS = 5_000;

/**
 * How long the switch's own transaction may be idle during its last round, whose last batch may be
 * slow. Milliseconds.
 */
const SWITCH_IDLE_MS = 120_000;

/** Number of attempts to catch up when the live version has advanced before the switch. */
const ATTEMPTS = 10;

/**
 * Puts the declared version of a projection behind its stable view: catches up to the live version
 * first, then switches in one transaction (`switchVersion`). Under load the live version would
 * always be slightly ahead. So the last few records are folded while its tasks are locked, which
 * delays its flushes briefly and no reader. Readers see the old or the new version, never a mix
 * (law 8). Instances that still run the old version's code keep it up to date without publishing,
 * so that `rollback` is exact.
 * @throws ACTIVATE_REFUSED
 */
export async function activate(
  settings: RunnerSettings,
  plan: Plan,
  options: ActivateOptions = {},
): Promise<ActivateReport> {
  await assertDatabase(settings.pool);
  await assertRun(settings, plan, options);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const result = await inTransaction(settings.pool, (client) =>
      trySwitch(settings, client, plan),
    ).catch(async (error: unknown) => {
      const { name: projection, version, tables } = plan;
      const change = {
        code: 'ACTIVATE_REFUSED',
        done: 'activated',
        projection,
        version,
        tables,
      } as const;
      throw await lostToOthers(settings.pool, error, change);
    });
    if ('name' in result) return result;
    await catchUp(settings, plan, result);
  }
  throw refused(
    plan,
    'it did not catch up with the live version; try again when the log is quieter',
  );
}

/**
 * Checks that an instance runs the new version, because otherwise the view would not be updated.
 * Refuses the switch, or only logs.
 */
async function assertRun(
  { pool, logger }: RunnerSettings,
  { name: projection, version: to }: Plan,
  { requireRunner = false }: ActivateOptions,
): Promise<void> {
  const from = await readActive(pool, projection);
  const stored = await inTransaction(pool, (client) => readVersion(client, projection, to));
  // A version that is not built is refused later, for that reason.
  if (from === null || from === to || stored?.state !== 'ready') return;
  const alone = await partitionsLeftAlone(
    pool,
    { projection, from, to },
    { patient: requireRunner },
  );
  if (alone.length === 0) return;
  if (requireRunner) {
    throw refused(
      { name: projection, version: to },
      `instances run version ${from} and none runs version ${to} on partition ${alone.join(', ')}, so the view would not be updated. ` +
        'Start an instance of the new code first (reprise run), beside the old ones; it continues the version that was built. Or switch anyway, with --force',
    );
  }
  logger.warn(
    { projection, version: to, partitions: alone },
    'activated while no instance runs this version: its view is not updated until an instance of the new code starts (reprise run)',
  );
}

/** Switches, or, if the new version is behind, returns how far; then nothing is changed. */
async function trySwitch(
  settings: RunnerSettings,
  client: ClientBase,
  plan: Plan,
): Promise<ActivateReport | readonly Behind[]> {
  await client.query(`set local idle_in_transaction_session_timeout = ${SWITCH_IDLE_MS}`);
  const active = await lockProjection(client, plan.name);
  const stored = await readVersion(client, plan.name, plan.version);
  if (stored === undefined || stored.state === 'building') {
    throw refused(plan, `it has not been built; run: reprise rebuild ${plan.name}`);
  }
  assertSameShape(plan, stored);
  if (stored.state === 'frozen') {
    throw refused(plan, `it was built as of ${stored.asOf?.toISOString()}, not of all events`);
  }
  const waiting = await countQuarantined(client, plan);
  if (waiting > 0) {
    throw refused(
      plan,
      `${waiting} records of its keys wait in quarantine; see: reprise dlq list ${plan.name}, then reprise dlq redrive ${plan.name} --all`,
    );
  }
  if (active === plan.version) {
    return { name: plan.name, version: plan.version, previousVersion: active };
  }
  const behind = await switchVersion(client, {
    to: { ...plan, topics: topicsOf(plan), describe: () => settings.log.describe(topicsOf(plan)) },
    from: active,
    lastRound: async (ahead) => {
      const records = ahead.reduce(
        (sum, { offset, untilOffset }) => sum + untilOffset - offset,
        0n,
      );
      if (records > LAST_ROUND_RECORDS) return;
      await catchUp(settings, plan, ahead, AbortSignal.timeout(LAST_ROUND_MS));
    },
  });
  if (behind.length > 0) return behind;
  return { name: plan.name, version: plan.version, previousVersion: active };
}

/**
 * Folds what the new version lacks, as a live task would, until `signal` aborts. Another process
 * that runs the new version may do this first; then nothing is left to do.
 */
async function catchUp(
  settings: RunnerSettings,
  plan: Plan,
  behind: readonly Behind[],
  signal: AbortSignal = neverSignal(),
): Promise<void> {
  for (const partition of new Set(behind.map((each) => each.partition))) {
    if (signal.aborted) return;
    const recovery = createRecovery(settings, plan, 'live');
    const ahead = behind.filter((each) => each.partition === partition);
    for (let isDone = false; !isDone; ) {
      isDone = await catchUpTask(settings, plan, { partition, ahead, recovery, signal });
    }
  }
}

/** @returns false: a record was rejected, so fold again from committed rows */
async function catchUpTask(
  settings: RunnerSettings,
  plan: Plan,
  round: {
    readonly partition: number;
    readonly ahead: readonly Behind[];
    readonly recovery: Recovery;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  const { partition, ahead, recovery, signal } = round;
  const key = { projection: plan.name, version: plan.version, partition };
  const session = await openSession(settings, key, {
    plan,
    mode: 'live',
    write: upsertRows,
    recovery,
    backoff: createBackoff({ signal: neverSignal() }),
    onPause: () => undefined,
  });
  const positions = ahead
    .map((each) => ({ ...each, offset: session.nextOffset(each.topic) }))
    .filter(({ offset, untilOffset }) => offset < untilOffset);
  try {
    if (positions.length > 0) {
      for await (const batch of settings.log.read(positions, { signal })) {
        await session.foldBatches([batch]);
        await session.flush();
        if (signal.aborted) break;
      }
    }
    await recordOutcome(settings, session.task, 'idle', null);
    return true;
  } catch (error) {
    // An instance that runs the new version took the task: it catches up itself.
    if (isRepriseError(error, 'FENCED') || signal.aborted) return true;
    if (error instanceof FoldAgain) return false;
    throw error;
  }
}

function refused(plan: Pick<Plan, 'name' | 'version'>, why: string): RepriseError {
  return new RepriseError(
    'ACTIVATE_REFUSED',
    `${plan.name} v${plan.version} cannot be activated: ${why}. The live version stays in place.`,
    { facts: { projection: plan.name, version: plan.version } },
  );
}
