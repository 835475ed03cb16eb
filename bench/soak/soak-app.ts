import { createReprise } from '../../src/composition/create-reprise.ts';
import type { Reprise } from '../../src/reprise.ts';
import { soakEvents } from './soak-events.ts';
import { soakProjections } from './soak-projections.ts';

/** Partitions of the topics. */
export const SOAK_PARTITIONS = 4;

/** Where a soak takes place. */
export interface SoakPlace {
  readonly databaseUrl: string;
  /** Comma-separated; null: the log in Postgres. */
  readonly brokers: string | null;
  /** Begins the names of the topics. */
  readonly prefix: string;
}

/** The application that is soaked, with default settings but for the patience of its publisher. */
export function createSoakApp({ databaseUrl, brokers, prefix }: SoakPlace): Promise<Reprise> {
  const events = soakEvents(prefix);
  return createReprise({
    projections: soakProjections(events),
    events: Object.values(events),
    database: { type: 'url', url: databaseUrl },
    log:
      brokers === null
        ? { type: 'postgres' }
        : // A machine that does other work too is no failure of the soak.
          { type: 'kafka', brokers: brokers.split(','), deliveryTimeoutMs: 300_000 },
    registry: { type: 'postgres' },
    topicPartitions: SOAK_PARTITIONS,
    logLevel: 'error',
  });
}
