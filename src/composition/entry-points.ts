import type { RepriseConfig } from '../config/reprise-config.ts';
import type { Reprise } from '../reprise.ts';
import type { MoveLogOptions, MoveLogReport } from './move-log-to-kafka.ts';

// The public functions that need the whole of reprise: log, registry, database, runner. Each loads
// it when it is called, because a configuration file imports the package as well, and a command
// such as `reprise explain` needs no more of it than the classes declared there.

/**
 * Composes an application from its configuration: compiles all projections, so that a definition
 * mistake shows first, opens (or boots) Postgres, and makes everything else when it is first used.
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
 * Moves the log of an application from Postgres to Kafka: 1 copies every record to the partition
 * and offset it has, 2 compares all of it to the byte, 3 lets the checkpoints point into Kafka and
 * closes the topics in Postgres, in one transaction, if nobody runs and nothing was published
 * meanwhile. Safe to repeat, also after a kill: it goes on where it was. One copy at a time.
 * @param input the configuration to come: `log` names Kafka, `database` the Postgres that holds the
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
