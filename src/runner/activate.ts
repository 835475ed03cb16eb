import type { ClientBase } from 'pg';
import type { Plan } from '../projection/plan.ts';
import { upsertRows } from '../readmodel/upsert-rows.ts';
import type { ActivateReport } from '../reprise.ts';
import { isRepriseError, RepriseError } from '../reprise-error.ts';
import { assertDatabase } from './assert-database.ts';
import { createBackoff } from './backoff.ts';
import { openSession, recordOutcome } from './open-session.ts';
import { releaseHeld } from './outbox-store.ts';
import type { RunnerSettings } from './settings.ts';
import { inTransaction } from './transaction.ts';
import {
  assertSameShape,
  lockProjection,
  readVersions,
  setActiveVersion,
  setVersionState,
} from './version-store.ts';
import { swapViews } from './version-tables.ts';

/** How often to catch up again when the live version moved on between catching up and the switch. */
const ATTEMPTS = 10;

interface Behind {
  readonly topic: string;
  readonly partition: number;
  readonly untilOffset: bigint;
}

/**
 * Puts the declared version of a projection behind its stable view. Catches up to the live version first, then, in one transaction: 1 lock the
 * projection and the tasks of both versions, 2 require the new version at or past the old one on every partition, 3 swap the view, 4 raise the old version's
 * epochs, so that no flush of it that began before the switch commits after it, 5 release the events that only the new version came to. Readers see the old or the new version, never a mix (law 8).
 * @throws ACTIVATE_REFUSED
 */
export async function activate(settings: RunnerSettings, plan: Plan): Promise<ActivateReport> {
  await assertDatabase(settings.pool);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const result = await inTransaction(settings.pool, (client) => trySwitch(client, plan));
    if ('name' in result) return result;
    await catchUp(settings, plan, result);
  }
  throw refused(
    plan,
    'it did not catch up with the live version; try again when the log is quieter',
  );
}

/** The switch itself, or, when the new version is behind, how far it has to go; nothing is changed then. */
async function trySwitch(
  client: ClientBase,
  plan: Plan,
): Promise<ActivateReport | readonly Behind[]> {
  const active = await lockProjection(client, plan.name); // 1
  const versions = await readVersions(client, plan.name);
  const stored = versions.find(({ version }) => version === plan.version);
  if (stored === undefined || stored.state === 'building') {
    throw refused(plan, `it has not been built; run: reprise rebuild ${plan.name}`);
  }
  assertSameShape(plan, stored);
  if (active === plan.version) {
    return { name: plan.name, version: plan.version, previousVersion: active };
  }
  if (active !== null) {
    await client.query(
      `select 1 from reprise.tasks where projection = $1 and version in ($2, $3)
       order by version, partition for update`,
      [plan.name, active, plan.version],
    ); // 1
    const behind = await findBehind(client, plan, active); // 2
    if (behind.length > 0) return behind;
  }
  await swapViews(client, plan); // 3
  await setVersionState(client, { projection: plan.name, version: plan.version }, 'active');
  await setActiveVersion(client, { projection: plan.name, version: plan.version });
  if (active !== null) {
    await setVersionState(client, { projection: plan.name, version: active }, 'ready');
    await client.query(
      `update reprise.tasks set epoch = epoch + 1, owner = null, state = 'idle'
       where projection = $1 and version = $2`,
      [plan.name, active],
    ); // 4
    await releaseHeld(client, { projection: plan.name, from: active, to: plan.version }); // 5
  }
  return { name: plan.name, version: plan.version, previousVersion: active };
}

async function findBehind(
  client: ClientBase,
  plan: Plan,
  active: number,
): Promise<readonly Behind[]> {
  const { rows } = await client.query<{ topic: string; partition: number; next_offset: string }>(
    `select old.topic, old.partition, old.next_offset
     from reprise.checkpoints old
     left join reprise.checkpoints new on new.projection = old.projection and new.version = $3
       and new.partition = old.partition and new.topic = old.topic
     where old.projection = $1 and old.version = $2
       and coalesce(new.next_offset, -1) < old.next_offset`,
    [plan.name, active, plan.version],
  );
  return rows.map((row) => ({
    topic: row.topic,
    partition: row.partition,
    untilOffset: BigInt(row.next_offset),
  }));
}

/** Folds what the new version lacks, as a live task would. Another process that runs the new version may do it first: then there is nothing left to do. */
async function catchUp(
  settings: RunnerSettings,
  plan: Plan,
  behind: readonly Behind[],
): Promise<void> {
  const signal = new AbortController().signal;
  for (const partition of new Set(behind.map((each) => each.partition))) {
    const key = { projection: plan.name, version: plan.version, partition };
    const session = await openSession(settings, key, {
      plan,
      mode: 'live',
      write: upsertRows,
      backoff: createBackoff({ signal }),
      onPause: () => undefined,
    });
    const positions = behind
      .filter((each) => each.partition === partition)
      .map((each) => ({ ...each, offset: session.nextOffset(each.topic) }))
      .filter(({ offset, untilOffset }) => offset < untilOffset);
    try {
      if (positions.length > 0) {
        for await (const batch of settings.log.read(positions)) {
          await session.foldBatches([batch]);
          await session.flush();
        }
      }
      await recordOutcome(settings, session.task, 'idle', null);
    } catch (error) {
      // A runner of the new version took the task over: it catches up by itself.
      if (!isRepriseError(error, 'FENCED')) throw error;
    }
  }
}

function refused(plan: Plan, why: string): RepriseError {
  return new RepriseError(
    'ACTIVATE_REFUSED',
    `${plan.name} v${plan.version} cannot be activated: ${why}. The live version stays in place.`,
    { facts: { projection: plan.name, version: plan.version } },
  );
}
