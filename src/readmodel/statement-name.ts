import { createHash } from 'node:crypto';

/**
 * Returns the name of a prepared statement, a hash of its text: node-postgres refuses one name for
 * two texts, and Postgres truncates names at 63 bytes.
 */
export function statementName(sql: string): string {
  return `reprise_${createHash('sha1').update(sql).digest('hex')}`;
}
