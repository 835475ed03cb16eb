import { isMissing, isPassing } from '../../postgres/classify.ts';
import { RepriseError } from '../../reprise-error.ts';

/** The constraint of a partition that has moved to another log. */
const SEALED = 'log_partition_is_sealed';

/** Creates the error for a topic that does not exist. */
export function unknownTopic(topic: string, known = ''): RepriseError {
  return new RepriseError(
    'UNKNOWN_TOPIC',
    `There is no topic ${topic} in the log kept in Postgres${known}. Create it with setUp() (or ensureTopics), or correct the name.`,
    { facts: { topic } },
  );
}

/** Converts the error of a failed statement to an error of the log. */
export function logError(error: unknown, doing: string): RepriseError {
  if (error instanceof RepriseError) return error;
  if (isMissing(error)) {
    return new RepriseError(
      'NOT_MIGRATED',
      `The tables of the log are not in this database (${doing}). Run the migrations: reprise migrate, or setUp().`,
      { cause: error },
    );
  }
  if ((error as { constraint?: string } | undefined)?.constraint === SEALED) {
    return new RepriseError(
      'LOG_MOVED',
      'The log has moved from Postgres to Kafka, and takes no more records here; none were written. Start this process with the configuration that names Kafka.',
      { cause: error },
    );
  }
  const passing = isPassing(error);
  const said = error instanceof Error ? error.message : String(error);
  return new RepriseError(
    passing ? 'LOG_UNAVAILABLE' : 'DATABASE_FAILED',
    `The log kept in Postgres failed (${doing}): ${said}. ` +
      (passing ? 'Check that the database can be reached; trying again may help.' : ''),
    { cause: error, retriable: passing },
  );
}
