import { inject } from 'inversify';
import type { Logger } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserActed } from '../../schemas/index.ts';
import { count, createReprise, TOKENS, tumbling, WindowedProjection } from '../../src/index.ts';
import { createTestDatabase } from '../support/test-database.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let given: Logger | undefined;

class NeedsLogger extends WindowedProjection {
  readonly name = 'needs_logger';
  readonly version = 1;

  constructor(@inject(TOKENS.logger) logger: Logger) {
    super();
    given = logger;
  }

  define() {
    return this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({ n: count() });
  }
}

const settings = () => ({
  events: [UserActed],
  database: { type: 'url', url: database.url } as const,
  logLevel: 'silent' as const,
});

test('a projection is given services by their tokens', async () => {
  const app = await createReprise({ ...settings(), projections: [NeedsLogger] });
  expect(app.plans.map(({ name }) => name)).toEqual(['needs_logger']);
  expect(given?.level).toBe('silent');
  await app.close();
});

test('closing twice is closing once, and a closed application holds no connection', async () => {
  const app = await createReprise({ ...settings(), projections: [NeedsLogger] });
  await app.setUp();
  await app.runner.start();
  await Promise.all([app.close(), app.close()]);
  await app.close();
});

test('a projection that the configuration does not name is refused, with those it does', async () => {
  const app = await createReprise({ ...settings(), projections: [NeedsLogger] });
  await app.setUp();
  await expect(app.rebuild('other')).rejects.toThrowError(/declared are: needs_logger/);
  await app.close();
});
