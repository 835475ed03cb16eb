import type { ResolvedConfig } from '../config/reprise-config.ts';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { movedDatabase } from './moved-database.ts';

/** A database, and how to let go of it. */
export interface OpenedDatabase {
  readonly url: string;
  /** Ends an embedded server that this process owns; leaves others alone. */
  readonly stop: () => Promise<void>;
}

/**
 * The configured database, or an embedded one. The embedded server keeps a database per log:
 * `reprise` for the log inside it, also once that has moved to Kafka, and `reprise_<cluster id>`
 * for every other Kafka cluster, so that trying another log starts afresh instead of meeting
 * offsets that mean other records.
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
