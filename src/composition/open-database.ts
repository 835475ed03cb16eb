import type { ResolvedConfig } from '../config/reprise-config.ts';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { movedDatabase } from './moved-database.ts';

/** A database, and how to release it. */
export interface OpenedDatabase {
  readonly url: string;
  /** Ends an embedded server that this process owns. Does not affect other servers. */
  readonly stop: () => Promise<void>;
}

/**
 * Opens the configured database, or an embedded one. The embedded server has a database per log:
 * `reprise` for the log inside it, also once that log has moved to Kafka, and `reprise_<cluster
 * id>` for every other Kafka cluster. So trying another log starts from nothing, instead of finding
 * offsets that refer to other records.
 * @param clusterId of the Kafka cluster that is the log; null: the log inside it
 * @throws EMBEDDED_UNAVAILABLE, DATA_DIRECTORY_UNUSABLE, PORT_IN_USE
 */
export async function openDatabase(
  { database }: Pick<ResolvedConfig, 'database'>,
  clusterId: (dataDirectory: string) => Promise<string | null>,
): Promise<OpenedDatabase> {
  if (database.type === 'url') return { url: database.url, stop: async () => undefined };
  const { dataDirectory, port } = database;
  const cluster = await clusterId(dataDirectory);
  const server = await startEmbeddedPostgres({
    dataDirectory,
    ...(cluster !== null && { database: `reprise_${cluster}` }),
    ...(port !== undefined && { port }),
  });
  const moved = cluster === null ? null : await movedDatabase(server.url, cluster);
  return { url: moved ?? server.url, stop: server.stop };
}
