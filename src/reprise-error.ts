/**
 * Every code a reprise error can carry. Grouped by the room that raises it;
 * docs/reference/errors.md explains each.
 */
export type ErrorCode =
  // definitions and configuration
  | 'CONFIG_INVALID'
  | 'DEFINITION_INVALID'
  | 'VERSION_NOT_RAISED'
  | 'UNKNOWN_PROJECTION'
  | 'UNKNOWN_TOPIC'
  | 'UNKNOWN_INSTANCE'
  | 'UNKNOWN_DEAD_LETTER'
  // avro and events
  | 'SCHEMA_INVALID'
  | 'SCHEMA_STALE'
  | 'SCHEMA_HISTORY_BROKEN'
  | 'NOT_CONFLUENT'
  | 'GUID_HEADER'
  | 'UNKNOWN_SCHEMA_ID'
  | 'DECODE_FAILED'
  | 'ENCODE_FAILED'
  | 'BUDGET_EXCEEDED'
  // erasure
  | 'UNKNOWN_DATA_KEY'
  | 'KEY_PROVIDER_FAILED'
  | 'FORGOTTEN'
  | 'REPAIR_REFUSED'
  // registry
  | 'REGISTRY_UNAVAILABLE'
  | 'REGISTRY_REFUSED'
  | 'REGISTRY_MISMATCH'
  | 'INCOMPATIBLE_SCHEMA'
  | 'UNKNOWN_SUBJECT'
  // log
  | 'LOG_UNAVAILABLE'
  | 'LOG_UNAUTHORIZED'
  | 'OFFSET_OUT_OF_RANGE'
  | 'CORRUPT_RECORD_BATCH'
  | 'UNSUPPORTED_RECORD_BATCH'
  | 'APPEND_FAILED'
  | 'PARTITIONS_CHANGED'
  | 'NOT_COPARTITIONED'
  | 'KAFKAJS_CHANGED'
  | 'LOG_MOVED'
  | 'COPY_REFUSED'
  // fold
  | 'FUTURE'
  | 'NULL_KEY'
  | 'TOMBSTONE'
  | 'UPCAST_FAILED'
  | 'HANDLER_FAILED'
  | 'PATTERN_RUNS_EXCEEDED'
  | 'POISON_PILL'
  | 'QUARANTINED'
  // runner and read models
  | 'FENCED'
  | 'LEASED'
  | 'OFFSET_MISMATCH'
  | 'NO_PROGRESS'
  | 'TASK_HALTED'
  | 'TASK_PAUSED'
  | 'SET_ASIDE'
  | 'RECREATED'
  | 'DATA_LOSS'
  | 'TRUNCATED'
  | 'STANDBY'
  | 'SPLIT_BRAIN'
  | 'DATABASE_UNAVAILABLE'
  | 'DATABASE_FAILED'
  | 'NOT_MIGRATED'
  | 'DATABASE_NEWER'
  | 'REBUILD_REFUSED'
  | 'WORKER_FAILED'
  | 'ACTIVATE_REFUSED'
  | 'ROLLBACK_REFUSED'
  | 'RETIRE_REFUSED'
  | 'DROP_REFUSED'
  | 'VERIFY_REFUSED'
  | 'NOT_VERIFIED'
  | 'TIMEOUT'
  | 'CLOSED'
  // embedded
  | 'EMBEDDED_UNAVAILABLE'
  | 'DATA_DIRECTORY_UNUSABLE'
  | 'PORT_IN_USE';

/**
 * Readonly facts of an error: topic, partition, offset, subject, projection… whatever tells where
 * it happened.
 */
export type ErrorFacts = Readonly<Record<string, string | number | bigint | boolean | null>>;

/**
 * The one error base of reprise. The message says what happened, where (`payments[3]@1042`), and
 * what to do next. `retriable` is true only when trying the same thing again, unchanged, may
 * succeed.
 * @example
 * try {
 *   Decimal.fromString('1,5');
 * } catch (error) {
 *   if (!(error instanceof RepriseError)) throw error;
 *   error.code; // 'CONFIG_INVALID'
 * }
 */
export class RepriseError extends Error {
  override readonly name = 'RepriseError';
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly facts: ErrorFacts;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retriable?: boolean; cause?: unknown; facts?: ErrorFacts } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.facts = options.facts ?? {};
  }
}

/**
 * A failure that has been dealt with, such as a record that is set aside from now on: the task
 * folds again from its committed rows, at once. Always retriable.
 */
export class FoldAgain extends RepriseError {
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; facts?: ErrorFacts } = {},
  ) {
    super(code, message, { ...options, retriable: true });
  }
}

/**
 * True when `error` is a reprise error, with that code where one is given.
 * @example
 * await app.readModels.waitFor(UserMetrics, { topic: 'user-actions', partition: 0, offset: 7n })
 *   .catch((error: unknown) => {
 *     if (!isRepriseError(error, 'TIMEOUT')) throw error;
 *   });
 */
export function isRepriseError(error: unknown, code?: ErrorCode): error is RepriseError {
  return error instanceof RepriseError && (code === undefined || error.code === code);
}
