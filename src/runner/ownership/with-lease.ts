import type { PoolClient } from 'pg';
import { pause } from '../../concurrency/pause.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { releaseLease, renewLease } from '../store/instance-store.ts';

const LEASE_MS = 10_000;
const HEARTBEATS_PER_LEASE = 5;

/**
 * Runs long work as an instance with a lease (shown by `reprise instances`). Its tasks are not
 * taken while it works, and are free as soon as it has ended. This instance takes no tasks by
 * itself.
 */
export async function withLease<Result>(
  settings: RunnerSettings,
  work: () => Promise<Result>,
): Promise<Result> {
  const { pool, logger, owner: instance, leaseMs = LEASE_MS } = settings;
  const ended = new AbortController();
  let client: PoolClient | null = null;
  const heartbeat = async () => {
    client ??= await pool.connect();
    await renewLease(client, { instance, leaseMs, runs: [] });
  };
  const heartbeats = async () => {
    while (!ended.signal.aborted) {
      await pause(leaseMs / HEARTBEATS_PER_LEASE, ended.signal);
      if (ended.signal.aborted) return;
      await heartbeat().catch((error: unknown) => {
        client?.release(true);
        client = null;
        logger.warn({ reason: describeError(error) }, 'heartbeat failed; trying again');
      });
    }
  };
  await heartbeat();
  const running = heartbeats();
  try {
    return await work();
  } finally {
    ended.abort();
    await running;
    await release(client, instance);
  }
}

/** Releases the lease. If that fails, closing the session ends it. */
async function release(client: PoolClient | null, instance: string): Promise<void> {
  if (client === null) return;
  const failed = await releaseLease(client, instance).then(
    () => false,
    () => true,
  );
  client.release(failed);
}
