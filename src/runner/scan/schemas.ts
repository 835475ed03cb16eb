import type { EventDefinition } from '../../event/event-definition.ts';
import type { DeclaredProjections } from '../../projection/plan/declared-projections.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { scanLog } from './scan-log.ts';
import type { ScanOptions, ScanReport } from './scan-report.ts';

/**
 * The schemas of the records in the log.
 * @example
 * const { isReadable } = await app.schemas.scan({ projection: UserMetrics });
 */
export interface Schemas {
  /**
   * Reads the log and reports which schemas it holds, and whether the declared projections can read
   * them. Writes nothing.
   * @throws UNKNOWN_PROJECTION, UNKNOWN_TOPIC
   * @example
   * const { isReadable, schemas } = await app.schemas.scan({ projection: UserMetrics });
   */
  scan(options?: ScanOptions): Promise<ScanReport>;
}

/** Creates the operations on the schemas of a log. `settings` is called when a scan starts. */
export function createSchemas(
  settings: () => RunnerSettings,
  declared: DeclaredProjections,
  events: readonly EventDefinition[],
): Schemas {
  return {
    async scan(options = {}) {
      const { projection } = options;
      const wanted = projection === undefined ? declared.plans : [declared.planOf(projection)];
      const read = wanted.flatMap(({ sources }) => sources.map(({ event }) => event));
      const { log, registry } = settings();
      const all = projection === undefined ? [...read, ...events] : read;
      return scanLog({ log, registry, plans: wanted, events: all }, options);
    },
  };
}
