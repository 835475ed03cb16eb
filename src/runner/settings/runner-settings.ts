import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { DataKeys } from '../../erasure/data-keys.ts';
import type { SubjectStrategies } from '../../event/subject-of.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { ErrorPolicies, ErrorPolicy } from '../../projection/plan/error-policy.ts';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';

/** What every part of the runner works with. */
export interface RunnerSettings {
  readonly pool: Pool;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  /** Default: none; events with `pii` fields then halt their tasks. */
  readonly dataKeys?: DataKeys;
  readonly logger: Logger;
  /** Names this process in `reprise.tasks.owner`. */
  readonly owner: string;
  /**
   * What becomes of records that cannot be folded, where the projection does not say. Default
   * `fail`.
   */
  readonly onError?: ErrorPolicy | ErrorPolicies;
  /** An instance without a heartbeat for this long is dead. Milliseconds; default 10,000. */
  readonly leaseMs?: number;
  /**
   * How long a task may stand still before the end of its log until it is opened again.
   * Milliseconds; default 60,000.
   */
  readonly stalledMs?: number;
  /** How subjects of published events are named, by topic. Default: `topicRecordName`. */
  readonly subjects?: SubjectStrategies;
  /** What `tasks` of the configuration names; null, the default: no confinement. */
  readonly confinedTo?: readonly string[] | null;
  /** False: no code is made from text. Default true. */
  readonly generatedCode?: boolean;
  /** Whether the runner of this process has started and not stopped; the runner keeps it. */
  readonly ownRun?: { isUnderWay: boolean };
  /** Told after a flush that put events into the outbox. */
  readonly onEmissions?: () => void;
}
