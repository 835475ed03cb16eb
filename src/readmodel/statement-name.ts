import { createHash } from 'node:crypto';

/**
 * Name under which a connection keeps a prepared statement: of its text, since node-postgres
 * refuses one name for two texts and Postgres cuts at 63 bytes.
 */
export function statementName(sql: string): string {
  return `reprise_${createHash('sha1').update(sql).digest('hex')}`;
}
