import type { PoolClient } from 'pg';
import { pause } from '../../concurrency/pause.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { beat, leave } from '../store/instance-store.ts';

const LEASE_MS = 10_000;
const BEATS_PER_LEASE = 5;

/**
 * Does long work as an instance that others see living (`reprise instances`), so that what it owns
 * is not taken while it works, and is free as soon as it is gone. It runs no tasks of its own
 * accord.
 */
export async function withPresence<Result>(
  settings: RunnerSettings,
  work: () => Promise<Result>,
): Promise<Result> {
  const { pool, logger, owner: instance, leaseMs = LEASE_MS } = settings;
  const ended = new AbortController();
  let client: PoolClient | null = null;
  const beatOnce = async () => {
    client ??= await pool.connect();
    await beat(client, { instance, leaseMs, runs: [] });
  };
  const beating = async () => {
    while (!ended.signal.aborted) {
      await pause(leaseMs / BEATS_PER_LEASE, ended.signal);
      if (ended.signal.aborted) return;
      await beatOnce().catch((error: unknown) => {
        client?.release(true);
        client = null;
        logger.warn({ reason: describeError(error) }, 'cannot beat; tries again');
      });
    }
  };
  await beatOnce();
  const beats = beating();
  try {
    return await work();
  } finally {
    ended.abort();
    await beats;
    await farewell(client, instance);
  }
}

/** Leaves; what cannot be told now, the end of the session tells. */
async function farewell(client: PoolClient | null, instance: string): Promise<void> {
  if (client === null) return;
  const failed = await leave(client, instance).then(
    () => false,
    () => true,
  );
  client.release(failed);
}
