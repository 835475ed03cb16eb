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
const bearer = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';
const users = 'username="broker" password="b" user_broker="b" user_app="right";';

describe.skipIf(!canStart)('a Kafka that asks for a password', () => {
  let kafka: OwnKafka | undefined;
  beforeAll(async () => {
    kafka = await startOwnKafka({
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,OAUTHBEARER',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config': `${login} ${users}`,
      // Kafka's own check of tokens without a signature: issued to somebody, and not expired.
      'listener.name.plaintext.oauthbearer.sasl.jaas.config': `${bearer} unsecuredLoginStringClaim_sub="broker";`,
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

  test('takes the tokens of oauthBearerProvider, and refuses expired ones', async () => {
    const ask = async (validForS: number) => {
      const nowS = Math.floor(Date.now() / 1000);
      const claims = { sub: 'app', iat: nowS - 3_600, exp: nowS + validForS };
      const parts = [{ alg: 'none' }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      );
      const oauthBearerProvider = () => Promise.resolve({ value: `${parts.join('.')}.` });
      const log = createKafkaLog({
        brokers: [kafka?.brokers ?? ''],
        sasl: { mechanism: 'oauthbearer', oauthBearerProvider },
      });
      return log
        .ensureTopics([{ topic: 'by-token', partitions: 1 }])
        .then(() => log.describe(['by-token']))
        .finally(() => log.close());
    };
    expect((await ask(600)).get('by-token')?.partitions).toHaveLength(1);
    await expect(ask(-600)).rejects.toMatchObject({ code: 'LOG_UNAUTHORIZED', retriable: false });
  });
});
