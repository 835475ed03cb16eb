import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRepriseError } from '../reprise-error.ts';

/**
 * Returns the id of the Kafka cluster behind `brokers`, stored in the data directory of the
 * embedded Postgres: its read models are found even while Kafka is unavailable. @throws
 * LOG_UNAVAILABLE when Kafka is unavailable and was never reached from here, LOG_UNAUTHORIZED
 */
export async function knownCluster(
  dataDirectory: string,
  brokers: readonly string[],
  ask: () => Promise<string>,
): Promise<string> {
  const file = join(dataDirectory, 'kafka-clusters.json');
  const clusters = readClusters(file);
  const address = [...brokers].sort().join(',');
  try {
    const cluster = await ask();
    if (clusters[address] !== cluster) writeClusters(file, { ...clusters, [address]: cluster });
    return cluster;
  } catch (error) {
    const known = clusters[address];
    if (known !== undefined && isRepriseError(error, 'LOG_UNAVAILABLE')) return known;
    throw error;
  }
}

/** Reads the cluster ids, by brokers; empty if the file is missing or unreadable. */
function readClusters(file: string): Readonly<Record<string, string>> {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const entries = typeof kept === 'object' && kept !== null ? Object.entries(kept) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}

/**
 * Stores the cluster ids. A folder that cannot be written is reported later, by the server that
 * uses it.
 */
function writeClusters(file: string, clusters: Readonly<Record<string, string>>): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(clusters, null, 2)}\n`);
  } catch {
    return;
  }
}
