import { createReprise } from '../../src/composition/create-reprise.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { readingOn } from './hostile-records.ts';

/**
 * An application that counts the readings of a topic on Kafka, once from named fields and once from
 * whole events, and passes over what it cannot fold.
 */
export function createHostileApp(options: {
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Of both projections. Default 1. */
  readonly version?: number;
}): Promise<Reprise> {
  const { version = 1 } = options;
  const reading = readingOn(options.topic);
  const counts = columns({ id: text().primaryKey(), n: int() });

  class ByField extends WindowedProjection {
    readonly name = 'by_field';
    readonly version = version;
    define() {
      return this.from(reading).key('id').window(tumbling('1 day')).measure({ n: count() });
    }
  }

  class ByEvent extends TableProjection {
    readonly name = 'by_event';
    readonly version = version;
    define() {
      return this.table(counts)
        .key('id')
        .on(reading, (row, { id }) => ({ id, n: (row?.n ?? 0) + 1 }));
    }
  }

  return createReprise({
    projections: [ByField, ByEvent],
    events: [reading],
    database: { type: 'url', url: options.databaseUrl },
    log: { type: 'kafka', brokers: [...options.brokers] },
    registry: { type: 'postgres' },
    onError: 'skip',
    logLevel: 'silent',
  });
}
