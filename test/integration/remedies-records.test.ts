import { afterEach, beforeEach, expect } from 'vitest';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { ErrorCode } from '../../src/reprise-error.ts';
import { onEveryLog } from '../support/every-log.ts';
import type { Example } from '../support/example-app.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import type { Operator } from '../support/remedies.ts';
import { createOperator, remedy } from '../support/remedies.ts';
import { testConfig } from '../support/test-config.ts';
import { useDatabase } from '../support/test-database.ts';

/** Whether the projection's function can fold purchases. */
let isMended = true;

onEveryLog('a record that cannot be folded', ({ brokers }) => {
  const database = useDatabase('test');
  let example: Example;
  let operator: Operator;
  /** Windows and a table over one topic; the default policy: a task halts before the record. */
  let config: RepriseConfig;

  beforeEach(async () => {
    isMended = true;
    example = exampleOn(uniqueTopic('user-actions'));
    operator = createOperator();
    const { event } = example;
    class Seen extends TableProjection {
      readonly name = 'seen';
      readonly version = 1;
      define() {
        return this.table(columns({ userId: text().primaryKey(), action: text() }))
          .key('userId')
          .on(event, (_row, { userId, action }) => {
            if (!isMended && action === 'PURCHASE') throw new Error('no purchases today');
            return { userId, action };
          });
      }
    }
    const base = testConfig({ databaseUrl: database.url, example, ...(brokers && { brokers }) });
    config = { ...base, projections: [...base.projections, Seen] };
  });

  afterEach(async () => {
    await operator.close();
  });

  /**
   * Appends a value that the publisher would not have written, before good events of its partition.
   */
  async function append(value: Buffer): Promise<void> {
    const app = await operator.start(config);
    const record = { topic: example.topic, partition: 0, key: Buffer.from('stranger') };
    await app.log.append([{ ...record, value, headers: [], timestampMs: Date.now() }]);
    await publishAll(app, example, exampleEvents(40));
  }

  /**
   * Both projections halt before it; set aside, both go on; the record is listed with its reason.
   */
  async function setAside(code: ErrorCode): Promise<void> {
    const message = await operator.halted(config, code);
    expect(message).toContain('onError "skip"');
    await operator.endInstances();
    const skipping: RepriseConfig = { ...config, onError: 'skip' };
    await operator.start(skipping);
    await operator.obey(message, skipping);
    await operator.expectRunning(skipping);
    for (const name of ['user_metrics', 'seen']) {
      expect(await operator.succeed(skipping, `dlq list ${name}`)).toContain(code);
      await operator.succeed(skipping, `dlq discard ${name} --all`);
    }
  }

  const values: readonly (readonly [ErrorCode, string, Buffer])[] = [
    ['NOT_CONFLUENT', 'text of a foreign producer is set aside', Buffer.from('{"user": 1}')],
    ['GUID_HEADER', 'a value that names its schema by GUID is set aside', Buffer.alloc(40, 1)],
    [
      'UNKNOWN_SCHEMA_ID',
      'a value of an unknown schema is set aside',
      Buffer.from('0000ffffff02', 'hex'),
    ],
    [
      'DECODE_FAILED',
      'a value that does not follow its schema is set aside',
      Buffer.from('000000000102', 'hex'),
    ],
  ];
  for (const [code, title, value] of values) {
    remedy(code, title, async () => {
      await append(value);
      await setAside(code);
    });
  }

  remedy('HANDLER_FAILED', 'the function is corrected, and the task resumed', async () => {
    isMended = false;
    const app = await operator.start(config);
    await publishAll(app, example, exampleEvents(40));
    const message = await operator.halted(config, 'HANDLER_FAILED');
    isMended = true;
    await operator.obey(message, config);
    await operator.expectRunning(config);
  });

  // Kafka's brokers refuse such a record by themselves.
  if (brokers !== undefined) return;
  remedy('FUTURE', 'an event from the future is set aside by itself, and discarded', async () => {
    const app = await operator.start(config);
    const [event] = exampleEvents(1);
    const later = new Date(Date.now() + 86_400_000);
    await publishAll(app, example, [{ ...event, occurredAt: later } as NonNullable<typeof event>]);
    await operator.expectRunning(config);
    expect(await operator.succeed(config, 'dlq list user_metrics')).toContain('FUTURE');
    await operator.succeed(config, 'dlq discard user_metrics --all');
    await operator.expectRunning(config);
  });
});
