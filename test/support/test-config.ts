import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { TestAppOptions } from './example-app.ts';

/** Configuration of the example application on a database and log of the test's own. */
export function testConfig(options: TestAppOptions): RepriseConfig {
  const { brokers, example } = options;
  return {
    projections: [example.metricsOf(options.version ?? 1)],
    events: [example.event],
    database: { type: 'url', url: options.databaseUrl },
    log: brokers === undefined ? { type: 'postgres' } : { type: 'kafka', brokers: [...brokers] },
    registry: { type: 'postgres' },
    onError: options.onError ?? 'fail',
    logLevel: 'silent',
  };
}
