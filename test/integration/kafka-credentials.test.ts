import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { type OwnKafka, startOwnKafka } from '../support/kafka-broker.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("a broker with passwords needs Java and Kafka's jars");
}
if (!canStart) process.stderr.write('NO JAVA: Kafka with passwords is SKIPPED.\n');

const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const users = 'username="broker" password="b" user_broker="b" user_app="right";';

describe.skipIf(!canStart)('a Kafka that asks for a password', () => {
  let kafka: OwnKafka | undefined;
  beforeAll(async () => {
    kafka = await startOwnKafka({
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config': `${login} ${users}`,
    });
  });
  afterAll(() => kafka?.stop());

  const open = (password: string) =>
    createKafkaLog({
      brokers: [kafka?.brokers ?? ''],
      sasl: { mechanism: 'plain', username: 'app', password },
    });

  test('lets the right one append and read', async () => {
    const log = open('right');
    await log.ensureTopics([{ topic: 'secret', partitions: 1 }]);
    await log.append([{ topic: 'secret', key: null, value: Buffer.from('v') }]);
    let records = 0;
    const position = { topic: 'secret', partition: 0, offset: 0n, untilOffset: 1n };
    for await (const batch of log.read([position])) records += batch.count;
    await log.close();
    expect(records).toBe(1);
  });

  test('refuses the wrong one as LOG_UNAUTHORIZED, at once, for questions and reads alike', async () => {
    const log = open('wrong');
    const refused = { code: 'LOG_UNAUTHORIZED', retriable: false };
    await expect(log.describe(['secret'])).rejects.toMatchObject(refused);
    const stream = log.read([{ topic: 'secret', partition: 0, offset: 0n }]);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
    await log.close();
  });
});
