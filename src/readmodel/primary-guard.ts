import type { ClientBase } from 'pg';
import { isForbidden } from '../postgres/classify.ts';
import { RepriseError } from '../reprise-error.ts';

/**
 * A connection that can be closed: pooled ones can, although the driver's types do not declare it.
 */
type Cuttable = ClientBase & { end?: () => Promise<void> };

/** A server's identity when a connection is opened. */
export interface ServerIdentity {
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  /** Created by initdb, shared by a primary and its standbys; null if the server does not tell. */
  readonly systemId: string | null;
  /** Incremented at every promotion; null if the server does not tell. */
  readonly timeline: number | null;
}

/**
 * The first part of a WAL file's name is the timeline in hexadecimal; a standby refuses to name
 * one.
 */
const IDENTITY = `select pg_is_in_recovery() as "isStandby", current_setting('transaction_read_only') = 'on' as "isReadOnly",
  (select system_identifier::text from pg_control_system()) as "systemId",
  case when pg_is_in_recovery() then null
       else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline`;

/** Managed servers may forbid the functions above, or lack them. */
const REDUCED = `select pg_is_in_recovery() as "isStandby", current_setting('transaction_read_only') = 'on' as "isReadOnly",
  null::text as "systemId", null::int as timeline`;

/**
 * Prevents a process from working on two servers at once: it accepts only the newest primary of one
 * cluster. States: *new* → the first primary → *knows* (system, timeline) → a higher timeline of
 * that system → *knows* that; connections with lower timelines are then closed, even busy ones. The
 * reason for refusing a connection may pass (a proxy that follows a failover), so the caller waits
 * and retries (ADR 0015).
 */
export class PrimaryGuard {
  #known: { readonly systemId: string; readonly timeline: number } | null = null;
  readonly #admitted = new Map<Cuttable, number>();

  /** Checks a new connection. @throws STANDBY, SPLIT_BRAIN, or the error of the connection */
  async admit(client: Cuttable): Promise<void> {
    const identity = await identityOf(client);
    const { systemId, timeline } = identity;
    this.check(identity);
    if (systemId === null || timeline === null) return;
    this.#admitted.set(client, timeline);
    client.once('end', () => this.#admitted.delete(client));
    if (timeline === this.#known?.timeline) return;
    this.#known = { systemId, timeline };
    for (const [older, of] of this.#admitted) {
      // Busy or idle: `end` closes a connection that waits for a response; the outcome of its
      // statement is in doubt, and the statement is retried elsewhere.
      if (of < timeline) older.end?.().catch(() => undefined);
    }
  }

  /** Applies the rule only. @throws STANDBY, SPLIT_BRAIN */
  check({ isStandby, isReadOnly, systemId, timeline }: ServerIdentity): void {
    if (isStandby || isReadOnly) {
      throw new RepriseError(
        'STANDBY',
        `The database ${isStandby ? 'is a standby in recovery: it may be behind and cannot be written' : 'takes no writes (default_transaction_read_only)'}. ` +
          'Point database.url (REPRISE_DATABASE_URL) at the primary.',
        { retriable: true },
      );
    }
    if (this.#known === null || systemId === null || timeline === null) return;
    const { systemId: knownId, timeline: knownTimeline } = this.#known;
    if (systemId !== knownId) {
      throw splitBrain(
        `another cluster (system ${systemId}) than the one this process works on (${knownId})`,
      );
    }
    if (timeline < knownTimeline) {
      throw splitBrain(
        `a primary that was replaced: its timeline is ${timeline}, the cluster's is ${knownTimeline} by now`,
      );
    }
  }
}

async function identityOf(client: ClientBase): Promise<ServerIdentity> {
  const { rows } = await client.query<ServerIdentity>(IDENTITY).catch((error: unknown) => {
    if (!isForbidden(error)) throw error;
    return client.query<ServerIdentity>(REDUCED);
  });
  const [identity] = rows;
  if (identity === undefined) throw new TypeError('a select without from gave no row');
  return identity;
}

function splitBrain(what: string): RepriseError {
  return new RepriseError(
    'SPLIT_BRAIN',
    `The database url leads to ${what}. Nothing is written there. Stop or fence the old server; if the change is meant, start this process again.`,
    { retriable: true },
  );
}
