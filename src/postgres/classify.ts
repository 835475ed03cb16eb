import { isRepriseError } from '../reprise-error.ts';

/**
 * What to do about an error of Postgres: the same again at once, wait for infrastructure, or stop
 * because something is wrong.
 */
export type ErrorClass = 'retry' | 'pause' | 'defect';

/**
 * What an SQLSTATE means, wherever it is met (runner, log, registry, pool). The longest prefix that
 * fits decides; what is not listed is a defect of the statement, the projection or the schema: the
 * same statement would meet it again. Appendix A of the manual.
 */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  // The transaction lost to another one, and may win next time.
  '40001': 'retry', // serialization_failure
  '40P01': 'retry', // deadlock_detected
  '55P03': 'retry', // lock_not_available: lock_timeout
  // Postgres, or the way to it, is away or out of resources.
  '08': 'pause', // connection exceptions
  '25006': 'pause', // read_only_sql_transaction: a standby, or a primary that takes no writes for now
  '25P03': 'pause', // idle_in_transaction_session_timeout: this process stood still
  '25P04': 'pause', // transaction_timeout
  '53': 'pause', // disk full, out of memory, too many connections
  '57014': 'pause', // query_canceled: statement_timeout, or somebody
  '57P0': 'pause', // the server is being shut down, restarted or started
  '58030': 'pause', // io_error
};

/** What the pool says of a server that is not the primary, or not any more. */
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

/** node-postgres's own errors carry no code: only the text tells. */
const DRIVER_MESSAGE =
  /connection terminated|connection ended|timeout exceeded when trying to connect|timeout expired|connection timeout|not queryable|client was closed|query read timeout/i;

/**
 * `retry`: serialization, deadlock, lock time-out; `pause`: Postgres, or the way to it, is away or
 * out of resources; `defect`: everything else, which the same statement would meet again.
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

/** Whether the same statement may succeed later, unchanged. */
export function isPassing(error: unknown): boolean {
  return classify(error) !== 'defect';
}

/**
 * The SQLSTATE that the server gave; null: the error is not the server's answer (the connection
 * failed, or it is somebody else's error).
 */
export function sqlStateOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown };
  // Five characters, as some codes of the operating system: those begin with E, no SQLSTATE does.
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : null;
}

/** Whether the server answered with this error; else the connection failed, or the caller did. */
export function isServerAnswer(error: unknown): boolean {
  return sqlStateOf(error) !== null;
}

/**
 * Whether a table, schema or column is not there: migrations have not run, or a table was dropped
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
 * Whether an answer leaves it open what became of a COMMIT: none came, or the server was being shut
 * down, which may have committed just before saying so.
 */
export function leavesCommitOpen(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === null || state.startsWith('57P') || state.startsWith('08');
}

/** The connection broke while COMMIT was under way: whether it took effect is not known. */
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
