import pg from 'pg';
import { isMissing, sqlStateOf } from '../postgres/classify.ts';

/** SQLSTATE: the database does not exist. Like a missing table or column: no log has moved. */
const NO_DATABASE = '3D000';

/**
 * Returns the URL of the embedded server's database whose log has moved to a Kafka cluster
 * (`reprise log move-to-kafka`), or null. Its read models stay there, instead of in a separate
 * database of the cluster.
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
