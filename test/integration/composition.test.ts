import { inject } from 'inversify';
import type { Logger } from 'pino';
import { expect, test, vi } from 'vitest';
import { UserActed } from '../../schemas/index.ts';
import {
  begin,
  count,
  createReprise,
  PatternProjection,
  skipPastLastEvent,
  TOKENS,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let given: Logger | undefined;

class NeedsLogger extends WindowedProjection {
  readonly name: string;
  readonly version = 1;

  constructor(@inject(TOKENS.logger) logger: Logger) {
    super();
    given = logger;
    // A constructor that uses its service: without it there is no instance.
    this.name = `needs_logger${logger.level === 'silent' ? '' : '_loudly'}`;
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

class WaitsForEver extends PatternProjection {
  readonly name = 'waits_for_ever';
  readonly version = 3;
  define() {
    const pattern = begin('first').followedBy('second').afterMatch(skipPastLastEvent());
    return this.from(UserActed).key('userId').pattern(pattern);
  }
}

test('a pattern whose matches may be held for ever is logged as a warning at the start', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const written = () => write.mock.calls.map(([text]) => String(text)).join('');
  try {
    const app = await createReprise({
      ...settings(),
      logLevel: 'warn',
      projections: [WaitsForEver],
    });
    await app.setUp();
    await app.runner.start();
    await app.close();
    expect(written()).toContain('waits_for_ever');
    expect(written()).toMatch(
      /one that waits for .{1,2}second.{1,2} \(followedBy\) may stay for ever/,
    );
  } finally {
    write.mockRestore();
  }
});

test('a projection is taken by its class, however its constructor is given services, by an instance and by name', async () => {
  const app = await createReprise({ ...settings(), projections: [NeedsLogger] });
  await app.setUp();
  await app.runner.start();
  const position = await app.publisher.publish(UserActed, {
    ...{ eventId: 'e1', userId: 'ada', action: 'VIEW', value: 1 },
    occurredAt: new Date(Date.UTC(2026, 0, 1)),
  });
  const instance = new NeedsLogger(given as Logger);
  for (const projection of [NeedsLogger, instance, 'needs_logger']) {
    await app.readModels.waitFor(projection, position);
    expect(await app.readModels.query(projection).where('user_id', 'ada')).toHaveLength(1);
    expect(await app.deadLetters.list({ projection })).toEqual([]);
    expect(await app.schemas.scan({ projection })).toMatchObject({ isReadable: true });
    await app.pause(projection);
    expect(await app.resume(projection)).toBe(true);
    expect(await app.versions.verify(projection)).toMatchObject({ differentRows: 0 });
  }
  class NotDeclared extends NeedsLogger {}
  expect(() => app.readModels.query(NotDeclared)).toThrowError(
    expect.objectContaining({
      code: 'UNKNOWN_PROJECTION',
      message: expect.stringMatching(/NotDeclared is not among/),
    }),
  );
  for (const refused of [
    app.pause(NotDeclared),
    app.versions.drop(NotDeclared),
    app.versions.rebuild([NeedsLogger, NotDeclared]),
    app.deadLetters.discard({ projection: NotDeclared }),
  ]) {
    await expect(refused).rejects.toMatchObject({ code: 'UNKNOWN_PROJECTION' });
  }
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
  await expect(app.versions.rebuild('other')).rejects.toThrowError(/declared are: needs_logger/);
  await app.close();
});
