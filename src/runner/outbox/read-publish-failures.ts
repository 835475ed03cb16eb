import type { ClientBase } from 'pg';
import type { PublishFailureStatus } from './publish-failure-status.ts';

/** Failures shown, over all projections. */
const SHOWN_MAX = 100;

/** An event that could not be published, with the version that made it. */
export interface StoredPublishFailure extends PublishFailureStatus {
  readonly projection: string;
  readonly version: number;
}

/**
 * Events of some projections that could not be published, the first of each topic and key; those
 * that have failed longest come first.
 */
export async function readPublishFailures(
  client: ClientBase,
  projections: readonly string[],
): Promise<readonly StoredPublishFailure[]> {
  const { rows } = await client.query<Omit<StoredPublishFailure, 'key'> & { key: Buffer | null }>(
    `select * from (
       select distinct on (projection, version, topic, key) projection, version, topic, event, key, event_id as "eventId",
         failing_since as since, attempts, error, retry_at as "retryAt"
       from reprise.outbox where error is not null and projection = any($1)
       order by projection, version, topic, key, id) f
     order by since, topic limit $2`,
    [projections, SHOWN_MAX],
  );
  return rows.map(({ key, ...row }) => ({ ...row, key: key?.toString() ?? null }));
}
