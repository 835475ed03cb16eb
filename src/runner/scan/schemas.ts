import type { EventDefinition } from '../../event/event-definition.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { planNamed } from '../../projection/plan/plan-named.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { scanLog } from './scan-log.ts';
import type { ScanOptions, ScanReport } from './scan-report.ts';

/**
 * The schemas of the records in the log.
 * @example
 * const { isReadable } = await app.schemas.scan({ projection: 'user_metrics' });
 */
export interface Schemas {
  /**
   * Reads the log and reports which schemas it holds, and whether the projections, as they are
   * declared now, can read them. Writes nothing.
   * @throws UNKNOWN_PROJECTION, UNKNOWN_TOPIC
   */
  scan(options?: ScanOptions): Promise<ScanReport>;
}

/** What a scan needs besides the log and the registry. */
export interface Declared {
  readonly plans: readonly Plan[];
  readonly events: readonly EventDefinition[];
}

/** The schemas of a log; `settings` is called when a scan starts. */
export function createSchemas(
  settings: () => RunnerSettings,
  { plans, events }: Declared,
): Schemas {
  return {
    async scan(options = {}) {
      const { projection } = options;
      const wanted = projection === undefined ? plans : [planNamed(plans, projection)];
      const read = wanted.flatMap(({ sources }) => sources.map(({ event }) => event));
      const { log, registry } = settings();
      const all = projection === undefined ? [...read, ...events] : read;
      return scanLog({ log, registry, plans: wanted, events: all }, options);
    },
  };
}
