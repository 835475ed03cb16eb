import pg from 'pg';
import { isMissing, sqlStateOf } from '../postgres/classify.ts';

/** No such database. Nor has anything moved from one without the table or the column. */
const NO_DATABASE = '3D000';

/**
 * The database of the embedded server whose log has moved to a Kafka cluster (`reprise log
 * move-to-kafka`), as a URL, or null: its read models go on there, instead of in a database of the
 * cluster's own.
 * @param url of any database of the server
 */
export async function movedDatabase(url: string, clusterId: string): Promise<string | null> {
  const home = new URL(url);
  home.pathname = '/reprise';
  const client = new pg.Client({ connectionString: home.href });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query(
      'select from reprise.log_topics where moved_to = $1 limit 1',
      [clusterId],
    );
    return rowCount === 0 ? null : home.href;
  } catch (error) {
    if (isMissing(error) || sqlStateOf(error) === NO_DATABASE) return null;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
