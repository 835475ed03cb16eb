import { answers } from './maven-jars.ts';

/** The images that tests run where Docker does. */
const IMAGES = {
  kafka: 'confluentinc/cp-kafka:7.9.0',
  postgres: 'postgres:18',
  registry: 'confluentinc/cp-schema-registry:7.9.0',
} as const;
const REGISTRY_PORT = 8081;
const POSTGRES_PORT = 5432;
/** Kafka's listener inside a network of containers, and for us. */
const KAFKA_PORTS = { inside: 9092, outside: 9093 } as const;
const PASSWORD = 'reprise';

/** A server in a container. */
export interface Contained {
  /** `host:port` of Kafka; the url of the others. */
  readonly address: string;
  stop(): Promise<void>;
}

/** One Kafka broker without automatic topics. Undefined, and said, where Docker does not run it. */
export function startKafkaContainer(): Promise<Contained | undefined> {
  return whereDockerRuns('kafka', async () => {
    const { KafkaContainer } = await import('@testcontainers/kafka');
    const kafka = await new KafkaContainer(IMAGES.kafka)
      .withKraft()
      .withEnvironment({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' })
      .start();
    return {
      address: `${kafka.getHost()}:${kafka.getMappedPort(KAFKA_PORTS.outside)}`,
      stop: async () => void (await kafka.stop()),
    };
  });
}

/** An empty Postgres without fsync. Undefined, and said, where Docker does not run it. */
export function startPostgresContainer(): Promise<Contained | undefined> {
  return whereDockerRuns('postgres', async () => {
    const { GenericContainer, Wait } = await import('testcontainers');
    const settings = ['fsync=off', 'max_connections=200', 'timezone=UTC'];
    const postgres = await new GenericContainer(IMAGES.postgres)
      .withEnvironment({
        POSTGRES_PASSWORD: PASSWORD,
        POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C',
      })
      .withCommand(settings.flatMap((setting) => ['-c', setting]))
      .withExposedPorts(POSTGRES_PORT)
      // It starts once for its set-up and once for us.
      .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
      .start();
    const place = `${postgres.getHost()}:${postgres.getMappedPort(POSTGRES_PORT)}`;
    return {
      address: `postgres://postgres:${PASSWORD}@${place}/postgres`,
      stop: async () => void (await postgres.stop()),
    };
  });
}

/**
 * Confluent's registry, on a Kafka of its own. Undefined, and said, where Docker does not run it.
 */
export function startRegistryContainer(): Promise<Contained | undefined> {
  return whereDockerRuns('registry', async () => {
    const { GenericContainer, Network, Wait } = await import('testcontainers');
    const { KafkaContainer } = await import('@testcontainers/kafka');
    const network = await new Network().start();
    const kafka = await new KafkaContainer(IMAGES.kafka)
      .withKraft()
      .withNetwork(network)
      .withNetworkAliases('kafka')
      .start();
    const registry = await new GenericContainer(IMAGES.registry)
      .withNetwork(network)
      .withEnvironment({
        SCHEMA_REGISTRY_HOST_NAME: 'registry',
        SCHEMA_REGISTRY_LISTENERS: `http://0.0.0.0:${REGISTRY_PORT}`,
        SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: `PLAINTEXT://kafka:${KAFKA_PORTS.inside}`,
      })
      .withExposedPorts(REGISTRY_PORT)
      .withWaitStrategy(Wait.forHttp('/subjects', REGISTRY_PORT))
      .start();
    return {
      address: `http://${registry.getHost()}:${registry.getMappedPort(REGISTRY_PORT)}`,
      stop: async () => {
        await registry.stop();
        await kafka.stop();
        await network.stop();
      },
    };
  });
}

async function whereDockerRuns(
  what: keyof typeof IMAGES,
  start: () => Promise<Contained>,
): Promise<Contained | undefined> {
  if (!(await answers('docker', 'info'))) return undefined;
  try {
    return await start();
  } catch (cause) {
    process.stderr.write(`Docker did not start ${IMAGES[what]}: ${String(cause)}\n`);
    return undefined;
  }
}
