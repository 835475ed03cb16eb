import { inject } from 'inversify';
import type { Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { UserMetrics } from '../../../projections/user-metrics.ts';
import { UserActed } from '../../../schemas/index.ts';
import { compilePlans } from '../../../src/composition/compile-plans.ts';
import { resolveConfig } from '../../../src/config/resolve-config.ts';
import { count, TOKENS, tumbling, WindowedProjection } from '../../../src/index.ts';

abstract class Counts extends WindowedProjection {
  readonly version = 1;
  define() {
    return this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({ n: count() });
  }
}

class NamedByArgument extends Counts {
  readonly name: string;
  constructor(@inject(TOKENS.logger) logger: Logger) {
    super();
    this.name = `at_${logger.level}`;
  }
}

class NamedByProperty extends Counts {
  @inject(TOKENS.logger) private readonly logger!: Logger;
  get name() {
    return `property_at_${this.logger.level}`;
  }
}

describe('compilePlans', () => {
  const named = async (...projections: (typeof UserMetrics | typeof NamedByArgument)[]) => {
    const input = { projections, events: [UserActed], logLevel: 'silent' as const };
    return (await compilePlans(resolveConfig(input, {}))).map(({ name }) => name);
  };

  it('compiles classes without services in the order of the configuration', async () => {
    class Counted extends Counts {
      readonly name = 'counted';
    }
    expect(await named(UserMetrics, Counted)).toEqual(['user_metrics', 'counted']);
  });

  it('gives services to a constructor that asks for them', async () => {
    expect(await named(UserMetrics, NamedByArgument)).toEqual(['user_metrics', 'at_silent']);
  });

  it('gives services to properties that ask for them', async () => {
    expect(await named(NamedByProperty)).toEqual(['property_at_silent']);
  });
});
