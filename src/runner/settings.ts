import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { EventLog } from '../log/event-log.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';

/** What every part of the runner works with. */
export interface RunnerSettings {
  readonly pool: Pool;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly logger: Logger;
  /** Names this process in `reprise.tasks.owner`. */
  readonly owner: string;
  /** What a record that cannot be folded does: `halt` its task (default), or become a dead letter in the batch's transaction. */
  readonly onError: 'halt' | 'deadLetter';
  /** An instance that has not been heard of for so long is gone. Milliseconds; default 10,000. */
  readonly leaseMs?: number;
  /** What `tasks` of the configuration names; null, the default: no confinement. */
  readonly confinedTo?: readonly string[] | null;
  /** Told after a flush that put events into the outbox. */
  readonly onEmissions?: () => void;
}
