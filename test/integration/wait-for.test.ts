import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { Position } from '../../src/log/event-log.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { ErrorPolicy } from '../../src/projection/plan/error-policy.ts';
import type { Reprise } from '../../src/reprise.ts';
import { exampleEvents, exampleOn } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const other = exampleOn('user-views');
const AT_ONCE_MS = 5_000;

/** Cannot fold purchases until it is mended. */
let isMended = true;

class Seen extends TableProjection {
  readonly name = 'seen';
  readonly version = 1;
  define() {
    return this.table(columns({ userId: text().primaryKey(), action: text() }))
      .key('userId')
      .on(example.event, (_row, { userId, action }) => {
        if (!isMended && action === 'PURCHASE') throw new Error('no purchases today');
        return { userId, action };
      });
  }
}

const database = useDatabase('test');
let app: Reprise;

beforeEach(async () => {
  isMended = true;
});

afterEach(async () => {
  await app.close();
});

async function start(onError: ErrorPolicy): Promise<void> {
  app = await createReprise({
    projections: [Seen],
    events: [example.event, other.event],
    database: { type: 'url', url: database.url },
    topicPartitions: 1,
    onError,
    logLevel: 'silent',
  });
  await app.setUp();
  await app.runner.start();
}

const [sample] = exampleEvents(1);
const publish = (action: 'VIEW' | 'PURCHASE', on = example): Promise<Position> =>
  app.publisher.publish(on.event, { ...sample, action } as NonNullable<typeof sample>);

/** The error of a wait that has a minute, and how long it took. */
async function failureOf(position: Position): Promise<Error & { code?: string }> {
  const startMs = performance.now();
  const error = await app.readModels.waitFor(Seen, position, { timeoutMs: 60_000 }).then(
    () => expect.fail('it resolved'),
    (reason: Error) => reason,
  );
  expect(performance.now() - startMs).toBeLessThan(AT_ONCE_MS);
  return error;
}

describe('waiting for a record that will not be folded fails at once', () => {
  test('with the error of a task that has halted, and resolves after resume', async () => {
    await start('fail');
    isMended = false;
    const position = await publish('PURCHASE');
    const error = await failureOf(position);
    expect(error.code).toBe('TASK_HALTED');
    expect(error.message).toContain('HANDLER_FAILED');
    expect(error.message).toContain('no purchases today');
    expect(error.message).toContain('reprise resume seen');
    isMended = true;
    await app.resume('seen');
    await app.readModels.waitFor(Seen, position);
  });

  test('where the projection is paused, and resolves after resume', async () => {
    await start('fail');
    await app.readModels.waitFor(Seen, await publish('VIEW'));
    await app.pause('seen');
    await expect
      .poll(async () => (await app.status())[0]?.tasks[0]?.owner, { timeout: 30_000 })
      .toBeNull();
    const position = await publish('VIEW');
    const error = await failureOf(position);
    expect(error).toMatchObject({ code: 'TASK_PAUSED' });
    expect(error.message).toContain('reprise resume seen');
    await app.resume('seen');
    await app.readModels.waitFor(Seen, position);
  });

  test('where the task waits for infrastructure, with what it waits for', async () => {
    await start('fail');
    await app.readModels.waitFor(Seen, await publish('VIEW'));
    await app.runner.stop();
    const position = await publish('VIEW');
    await sql(
      database.url,
      `update reprise.tasks set state = 'paused', error = 'REGISTRY_UNAVAILABLE: nobody answers'`,
    );
    const error = await failureOf(position);
    expect(error).toMatchObject({ code: 'TASK_PAUSED', retriable: true });
    expect(error.message).toContain('REGISTRY_UNAVAILABLE: nobody answers');
  });

  test('for a record that was set aside, and resolves after redrive', async () => {
    await start('skip');
    isMended = false;
    const position = await publish('PURCHASE');
    const error = await failureOf(position);
    expect(error.code).toBe('SET_ASIDE');
    expect(error.message).toContain('no purchases today');
    expect(error.message).toContain('reprise dlq redrive seen user-actions[0]@0');
    await app.readModels.waitFor(Seen, await publish('VIEW'));
    isMended = true;
    expect(await app.deadLetters.redrive({ projection: 'seen', position })).toMatchObject({
      redriven: 1,
    });
    await app.readModels.waitFor(Seen, position);
  });

  test('for a topic that the projection does not read', async () => {
    await start('fail');
    const error = await failureOf(await publish('VIEW', other));
    expect(error.code).toBe('UNKNOWN_TOPIC');
    expect(error.message).toContain('does not read user-views; it reads user-actions.');
  });
});
