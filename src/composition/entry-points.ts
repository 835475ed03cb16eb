import type { RepriseConfig } from '../config/reprise-config.ts';
import type { Reprise } from '../reprise.ts';
import type { MoveLogOptions, MoveLogReport } from './move-log-to-kafka.ts';

// The public functions that need all of reprise: log, registry, database, runner. Each loads it
// when it is called, because a configuration file imports the package too, and a command such as
// `reprise explain` needs only the classes declared there.

/**
 * Composes an application from its configuration. Compiles all projections first, so that mistakes
 * in a definition are reported first; opens (or starts) Postgres; creates everything else at its
 * first use.
 * @throws CONFIG_INVALID, DEFINITION_INVALID, DATABASE_UNAVAILABLE, EMBEDDED_UNAVAILABLE,
 * DATA_DIRECTORY_UNUSABLE, PORT_IN_USE
 * @example
 * const app = await createReprise({ projections: [UserMetrics], events: [UserActed] });
 * await app.setUp();
 * await app.runner.start();
 * process.once('SIGTERM', () => app.close());
 */
export async function createReprise(input: RepriseConfig): Promise<Reprise> {
  const whole = await import('./create-reprise.ts');
  return whole.createReprise(input);
}

/**
 * Moves the log of an application from Postgres to Kafka. Steps: 1 copy every record to the same
 * partition and offset, 2 compare all records to the byte, 3 in one transaction, if no instance
 * runs and nothing was published in the meantime, point the checkpoints into Kafka and close the
 * topics in Postgres. Safe to repeat, also after a kill: the copy resumes. One copy at a time.
 * @param input the future configuration: `log` names Kafka, `database` the Postgres that holds the
 * log now
 * @throws CONFIG_INVALID, COPY_REFUSED, PARTITIONS_CHANGED, UNKNOWN_TOPIC, LOG_UNAVAILABLE,
 * DATABASE_UNAVAILABLE
 * @example
 * const { moved, obstacles } = await moveLogToKafka({
 *   ...config,
 *   log: { type: 'kafka', brokers: ['localhost:9092'] },
 * });
 */
export async function moveLogToKafka(
  input: RepriseConfig,
  options: MoveLogOptions = {},
): Promise<MoveLogReport> {
  const whole = await import('./move-log-to-kafka.ts');
  return whole.moveLogToKafka(input, options);
}
