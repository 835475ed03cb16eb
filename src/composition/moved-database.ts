import pg from 'pg';

/** No such database, no such table, no such column: nothing has ever moved from there. */
const NOTHING_THERE = ['3D000', '42P01', '42703'];

/**
 * The database of the embedded server whose log has moved to a Kafka cluster (`reprise log copy`), as a URL, or null: its read models go on there, instead of in a database of the cluster's own.
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
    if (NOTHING_THERE.includes((error as { code?: string }).code ?? '')) return null;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
