import { isRepriseError } from '../reprise-error.ts';

/**
 * How to handle an error of Postgres: retry at once, pause until the infrastructure is back, or
 * stop because of a defect.
 */
export type ErrorClass = 'retry' | 'pause' | 'defect';

/**
 * The class of each SQLSTATE, for all callers (runner, log, registry, pool). The longest matching
 * prefix decides. Unlisted codes are defects of the statement, the projection or the schema: the
 * same statement would fail again. Appendix A of the manual.
 */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  // The transaction lost to another one, and may succeed next time.
  '40001': 'retry', // serialization_failure
  '40P01': 'retry', // deadlock_detected
  '55P03': 'retry', // lock_not_available: lock_timeout
  // Postgres or the connection is unavailable or out of resources.
  '08': 'pause', // connection exceptions
  '25006': 'pause', // read_only_sql_transaction: a standby, or a read-only primary
  '25P03': 'pause', // idle_in_transaction_session_timeout: this process was suspended
  '25P04': 'pause', // transaction_timeout
  '53': 'pause', // disk full, out of memory, too many connections
  '57014': 'pause', // query_canceled: statement_timeout, or another session
  '57P0': 'pause', // the server is shutting down, restarting or starting
  '58030': 'pause', // io_error
};

/** Error codes of the pool for a server that is not the primary, or no longer. */
const AWAY_CODES: ReadonlySet<string> = new Set(['DATABASE_UNAVAILABLE', 'STANDBY', 'SPLIT_BRAIN']);

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** node-postgres's own errors have no code, only a text. */
const DRIVER_MESSAGE =
  /connection terminated|connection ended|timeout exceeded when trying to connect|timeout expired|connection timeout|not queryable|client was closed|query read timeout/i;

/**
 * Classifies an error. `retry`: serialization, deadlock, lock time-out; `pause`: Postgres or the
 * connection is unavailable or out of resources; `defect`: everything else, which the same
 * statement would meet again.
 */
export function classify(error: unknown): ErrorClass {
  if (isRepriseError(error)) return AWAY_CODES.has(error.code) ? 'pause' : 'defect';
  if (!(error instanceof Error)) return 'defect';
  if (error instanceof AmbiguousCommit) return 'pause';
  const state = sqlStateOf(error);
  if (state !== null) return classOfState(state);
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return NETWORK_CODES.has(code) ? 'pause' : 'defect';
  return DRIVER_MESSAGE.test(error.message) ? 'pause' : 'defect';
}

/** True if the same statement may succeed later, unchanged. */
export function isPassing(error: unknown): boolean {
  return classify(error) !== 'defect';
}

/**
 * Returns the server's SQLSTATE; null if the error is not a response of the server (the connection
 * failed, or the error comes from elsewhere).
 */
export function sqlStateOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown };
  // Five characters, as some codes of the operating system: those start with E, no SQLSTATE does.
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : null;
}

/** Whether the server answered with this error; else the connection failed, or the caller did. */
export function isServerAnswer(error: unknown): boolean {
  return sqlStateOf(error) !== null;
}

/**
 * True if a table, schema or column does not exist: migrations have not run, or a table was dropped
 * since it was looked up.
 */
export function isMissing(error: unknown): boolean {
  return ['42P01', '3F000', '42703'].includes(sqlStateOf(error) ?? '');
}

/** Whether a table is not there, which its schema is. */
export function isMissingTable(error: unknown): boolean {
  return sqlStateOf(error) === '42P01';
}

/** Whether a lock could not be had within `lock_timeout`, or at once. */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03';
}

/** Whether a key would be there twice. */
export function isDuplicateKey(error: unknown): boolean {
  return sqlStateOf(error) === '23505';
}

/** Whether other objects depend on what was to be dropped; `detail` of the error names them. */
export function isDependedOn(error: unknown): error is Error & { readonly detail?: string } {
  return sqlStateOf(error) === '2BP01';
}

/** Whether a function is not there (managed servers lack some), or not for this user. */
export function isForbidden(error: unknown): boolean {
  return ['42501', '42883', '0A000'].includes(sqlStateOf(error) ?? '');
}

/** Whether the server is being started: it recovers, and lets nobody in yet. */
export function isStarting(error: unknown): boolean {
  return sqlStateOf(error) === '57P03';
}

/**
 * True if the outcome of a COMMIT is unknown: there was no response, or the server was shutting
 * down and may have committed just before its response.
 */
export function leavesCommitOpen(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === null || state.startsWith('57P') || state.startsWith('08');
}

/** The connection broke during COMMIT: its outcome is unknown. */
export class AmbiguousCommit extends Error {
  override readonly name = 'AmbiguousCommit';
}

function classOfState(state: string): ErrorClass {
  for (let length = state.length; length >= 2; length -= 1) {
    const found = CLASSES[state.slice(0, length)];
    if (found !== undefined) return found;
  }
  return 'defect';
}
