import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { TestAppOptions } from './example-app.ts';

/** Configuration of the example application on a database and log of the test's own. */
export function testConfig(options: TestAppOptions): RepriseConfig {
  const { brokers, example, version = 1, more = {} } = options;
  return {
    projections: [
      example.metricsOf(version),
      ...Object.entries(more).map(([name, size]) => example.metricsOf(version, { name, size })),
    ],
    events: [example.event],
    database: { type: 'url', url: options.databaseUrl },
    log: brokers === undefined ? { type: 'postgres' } : { type: 'kafka', brokers: [...brokers] },
    registry: { type: 'postgres' },
    onError: options.onError ?? 'fail',
    logLevel: 'silent',
  };
}
