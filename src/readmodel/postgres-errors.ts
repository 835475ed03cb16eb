import { isRepriseError } from '../reprise-error.ts';

/** What to do about an error of Postgres: the same again at once, wait for infrastructure, or stop because something is wrong. */
export type ErrorClass = 'retry' | 'pause' | 'defect';

/** Serialization failure, deadlock, lock not available: the transaction lost to another one and may win next time. */
const LOST_TO_ANOTHER = /^(40001|40P01|55P03)$/;

/**
 * Connection (08), resources (53), read-only because it is a standby (25006), time-outs of the session (25P03, 25P04) or a statement (57014), the server being
 * shut down or started (57P0x). Appendix A of the manual.
 */
const AWAY = /^(08...|53...|25006|25P03|25P04|57014|57P0.)$/;

/** What the pool says of a server that is not the primary, or not any more. */
const AWAY_CODES: ReadonlySet<string> = new Set(['DATABASE_UNAVAILABLE', 'STANDBY', 'SPLIT_BRAIN']);

const NETWORK_CODES = new Set([
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
 * `retry`: serialization, deadlock, lock time-out; `pause`: Postgres, or the way to it, is away or out of resources; `defect`: everything else, which
 * the same statement would meet again.
 */
export function classify(error: unknown): ErrorClass {
  if (isRepriseError(error)) return AWAY_CODES.has(error.code) ? 'pause' : 'defect';
  if (!(error instanceof Error)) return 'defect';
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') {
    if (LOST_TO_ANOTHER.test(code)) return 'retry';
    return AWAY.test(code) || NETWORK_CODES.has(code) ? 'pause' : 'defect';
  }
  return DRIVER_MESSAGE.test(error.message) ? 'pause' : 'defect';
}
