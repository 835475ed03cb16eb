import type { OptionTest } from './option-tests.ts';

/**
 * Every key of the configuration with the test that exercises it at run time; named as `configKeys`
 * names them.
 */
export const CONFIG_TESTS: readonly OptionTest[] = [
  {
    file: 'test/faults/kafka-append-faults.test.ts',
    title: 'stores everything once, in order, when the broker is killed and started again',
    options: ['log.deliveryTimeoutMs'],
  },
  {
    file: 'test/integration/cli-bad-input.test.ts',
    title: 'a port that is in use',
    options: ['database', 'database.dataDirectory', 'database.port', 'database.type'],
  },
  {
    file: 'test/integration/composition.test.ts',
    title: 'a pattern whose matches may be held for ever is logged as a warning at the start',
    options: ['logLevel', 'projections'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title: 'compatibility is what a new version of a schema must keep',
    options: ['compatibility'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title: 'dev.events is asked for events at dev.ratePerSecond',
    options: ['dev', 'dev.events', 'dev.ratePerSecond'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title: 'erasure.wrappingKeys wrap the keys of pii fields, or erasure.keyProvider does',
    options: ['database.url', 'erasure', 'erasure.keyProvider', 'erasure.wrappingKeys', 'events'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title:
      'leaseMs is how long an instance counts without a heartbeat, topicPartitions what a new topic has',
    options: ['leaseMs', 'topicPartitions'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title: 'rebuildWorkers threads share a rebuild whose caller does not say how many',
    options: ['rebuildWorkers'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title:
      'registryServer says where the registry is served and for whom; registry.token and username let a client in',
    options: [
      'registry',
      'registry.password',
      'registry.token',
      'registry.type',
      'registry.url',
      'registry.username',
      'registryServer',
      'registryServer.host',
      'registryServer.port',
      'registryServer.tokens',
      'registryServer.users',
      'registryServer.users.password',
      'registryServer.users.username',
    ],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title: 'schemasDirectory is the folder that commands work in',
    options: ['schemasDirectory'],
  },
  {
    file: 'test/integration/configuration.test.ts',
    title: 'subjects names the subject of each topic',
    options: ['subjects'],
  },
  {
    file: 'test/integration/error-policies.test.ts',
    title: 'rebuilds have a policy of their own',
    options: ['onError', 'onError.live', 'onError.rebuild'],
  },
  {
    file: 'test/integration/kafka-append.test.ts',
    title: 'is read back by us, and by librdkafka',
    options: ['log.compression'],
  },
  {
    file: 'test/integration/kafka-configuration.test.ts',
    title: 'requestTimeoutMs is how long a broker may take to answer, and clientId how it knows us',
    options: ['log.clientId', 'log.requestTimeoutMs'],
  },
  {
    file: 'test/integration/kafka-configuration.test.ts',
    title: 'ssl speaks TLS with the options given, within connectionTimeoutMs',
    options: ['log.connectionTimeoutMs', 'log.ssl'],
  },
  {
    file: 'test/integration/kafka-configuration.test.ts',
    title: 'unpackedBytesMax: a batch that unpacks to more is not read, and says so',
    options: ['log.unpackedBytesMax'],
  },
  {
    file: 'test/integration/kafka-credentials.test.ts',
    title: 'lets the right one append and read',
    options: ['log.sasl', 'log.sasl.mechanism', 'log.sasl.password', 'log.sasl.username'],
  },
  {
    file: 'test/integration/kafka-credentials.test.ts',
    title: 'takes the tokens of oauthBearerProvider, and refuses expired ones',
    options: ['log.sasl.oauthBearerProvider'],
  },
  {
    file: 'test/integration/kafka-log-bounds.test.ts',
    title: 'names the broker that does not answer, and what to do, within seconds',
    options: ['log.availabilityTimeoutMs'],
  },
  {
    file: 'test/integration/kafka-shown-offsets.test.ts',
    title:
      'a consumer group shows where each task stands, and how far behind; nothing is read back',
    options: ['log', 'log.brokers', 'log.publishOffsets', 'log.type'],
  },
  {
    file: 'test/integration/rebuild-order.test.ts',
    title: 'is refused for the partitions alone that would stand still',
    options: ['tasks'],
  },
  {
    file: 'test/integration/retries.test.ts',
    title: 'a record is given up after its attempts, and what waited behind it is folded',
    options: ['onError.attempts', 'onError.factor', 'onError.initialMs', 'onError.policy'],
  },
  {
    // Of the fold that the key reaches: an application makes other code from text, that of avsc.
    file: 'test/unit/fold/generated/generated-fold.test.ts',
    title: 'folds any log through any plan as the columnar fold does',
    options: ['generatedCode'],
  },
];
