import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { DataKeys } from '../../erasure/data-keys.ts';
import type { SubjectStrategies } from '../../event/subject-of.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { ErrorPolicies, ErrorPolicy } from '../../projection/plan/error-policy.ts';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';

/** Settings that all parts of the runner share. */
export interface RunnerSettings {
  readonly pool: Pool;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  /** Default: none; events with `pii` fields then halt their tasks. */
  readonly dataKeys?: DataKeys;
  readonly logger: Logger;
  /** Names this process in `reprise.tasks.owner`. */
  readonly owner: string;
  /** Error policy for records that cannot be folded, if the projection has none. Default `fail`. */
  readonly onError?: ErrorPolicy | ErrorPolicies;
  /** An instance without a heartbeat for this long is dead. Milliseconds; default 10,000. */
  readonly leaseMs?: number;
  /**
   * A task that makes no progress before the end of its log for this long is opened again.
   * Milliseconds; default 60,000.
   */
  readonly stalledMs?: number;
  /** How subjects of published events are named, by topic. Default: `topicRecordName`. */
  readonly subjects?: SubjectStrategies;
  /** Value of `tasks` in the configuration; null, the default: no confinement. */
  readonly confinedTo?: readonly string[] | null;
  /** False: no code is generated from text. Default true. */
  readonly generatedCode?: boolean;
  /** Whether the runner of this process has started and not stopped. Maintained by the runner. */
  readonly ownRun?: { isUnderWay: boolean };
  /** Called after a flush that wrote events to the outbox. */
  readonly onEmissions?: () => void;
}
