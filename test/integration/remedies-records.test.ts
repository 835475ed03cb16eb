import { afterEach, beforeEach, expect } from 'vitest';
import type { UserActed } from '../../schemas/index.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { ErrorCode } from '../../src/reprise-error.ts';
import { everyKind, KIND_NAMES } from '../support/every-kind.ts';
import { onEveryLog } from '../support/every-log.ts';
import type { Example } from '../support/example-app.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import type { Operator } from '../support/remedies.ts';
import { createOperator, remedy } from '../support/remedies.ts';
import { testConfig } from '../support/test-config.ts';
import { useDatabase } from '../support/test-database.ts';

/** Whether the projections' functions can fold purchases. */
let isMended = true;

onEveryLog('a record that cannot be folded', ({ brokers }) => {
  const database = useDatabase('test');
  let example: Example;
  let operator: Operator;
  /** Each kind of projection over one topic; the default policy: a task halts before a record. */
  let config: RepriseConfig;

  beforeEach(async () => {
    isMended = true;
    example = exampleOn(uniqueTopic('user-actions'));
    operator = createOperator();
    const base = testConfig({ databaseUrl: database.url, example, ...(brokers && { brokers }) });
    config = { ...base, projections: everyKind(example.event, accepts) };
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

  function accepts({ action }: UserActed): boolean {
    if (!isMended && action === 'PURCHASE') throw new Error('no purchases today');
    return true;
  }

  /** What the task of each kind says, once it has halted. */
  function halted(code: ErrorCode): Promise<readonly string[]> {
    return Promise.all(KIND_NAMES.map((name) => operator.halted(config, code, name)));
  }

  /**
   * Every kind halts before it; set aside, all go on; the record is listed with its reason.
   */
  async function setAside(code: ErrorCode): Promise<void> {
    const messages = await halted(code);
    await operator.endInstances();
    const skipping: RepriseConfig = { ...config, onError: 'skip' };
    await operator.start(skipping);
    for (const message of messages) {
      expect(message).toContain('onError "skip"');
      await operator.obey(message, skipping);
    }
    await operator.expectRunning(skipping);
    for (const name of KIND_NAMES) {
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
    const messages = await halted('HANDLER_FAILED');
    isMended = true;
    for (const message of messages) await operator.obey(message, config);
    await operator.expectRunning(config);
  });

  remedy('QUARANTINED', 'the records of a key are folded in order by one redrive', async () => {
    isMended = false;
    const quarantining: RepriseConfig = { ...config, onError: 'quarantineKey' };
    const app = await operator.start(quarantining);
    await publishAll(app, example, exampleEvents(200));
    await operator.expectRunning(quarantining);
    isMended = true;
    for (const name of KIND_NAMES) {
      const letters = await app.deadLetters.list({ projection: name });
      const waiting = letters.find(({ reason }) => reason === 'QUARANTINED');
      const position = `${waiting?.topic}[${waiting?.partition}]@${waiting?.offset}`;
      const line = `dlq redrive ${name} ${position}`;
      const message = await operator.fail(quarantining, line, 'QUARANTINED');
      await operator.obey(message, quarantining);
      expect(await app.deadLetters.list({ projection: name })).toEqual([]);
    }
    await operator.expectRunning(quarantining);
  });

  // Kafka's brokers refuse such a record by themselves.
  if (brokers !== undefined) return;
  remedy('FUTURE', 'an event from the future is set aside by itself, and discarded', async () => {
    const app = await operator.start(config);
    const [event] = exampleEvents(1);
    const later = new Date(Date.now() + 86_400_000);
    await publishAll(app, example, [{ ...event, occurredAt: later } as NonNullable<typeof event>]);
    await operator.expectRunning(config);
    for (const name of KIND_NAMES) {
      expect(await operator.succeed(config, `dlq list ${name}`)).toContain('FUTURE');
      await operator.succeed(config, `dlq discard ${name} --all`);
    }
    await operator.expectRunning(config);
  });
});
