import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafkaContainer } from './containers.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { format, freePorts, killed, launch, serverProperties } from './kafka-process.ts';

/** A running Kafka. `brokers` is a comma-separated list of `host:port`. */
export interface Kafka {
  readonly brokers: string;
  readonly origin: 'environment' | 'docker' | 'jars';
  /** Ends what was started and removes its data; leaves foreign brokers alone. Idempotent. */
  stop(): Promise<void>;
}

/**
 * A broker of our own: its process can be killed and started again on the same data directory and
 * port.
 */
export interface OwnKafka extends Kafka {
  readonly pid: () => number | undefined;
  /** Where its data lies: may be copied and put back while it is killed. */
  readonly dataDirectory: string;
  /** SIGKILL, as a machine that loses power; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts the killed broker again; resolves when its port answers. */
  restart(): Promise<void>;
}

/**
 * Kafka for tests and benches: brokers named by `REPRISE_TEST_KAFKA`, else Docker, else Kafka's own
 * jars with local Java. Undefined when this machine has none of them.
 */
export async function startKafka(): Promise<Kafka | undefined> {
  const given = process.env['REPRISE_TEST_KAFKA'];
  if (given) return { brokers: given, origin: 'environment', stop: async () => undefined };
  const container = await startKafkaContainer();
  if (container === undefined) return startOwnKafka();
  return { brokers: container.address, origin: 'docker', stop: container.stop };
}

/**
 * Starts a one-node Kafka of our own from its jars (ready in about 7 s, at most 512 MB of heap) in
 * a temporary directory. It ends with `stop()`, and with this process. Undefined when Java or the
 * jars are missing.
 */
export async function startOwnKafka(
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnKafka | undefined> {
  const classPath = await kafkaClassPath();
  if (classPath === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'reprise-kafka-'));
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const place = { directory, port };
  const properties = serverProperties(directory, port, controllerPort, settings);
  await writeFile(join(directory, 'server.properties'), properties);
  await format(classPath, place, ['--standalone']);

  let child = await launch(classPath, place);
  let stopped = false;
  const endWithUs = () => child.kill('SIGKILL');
  process.on('exit', endWithUs);
  const onSignal = (signal: NodeJS.Signals) => {
    endWithUs();
    // Ours was the only listener: do what the signal would have done without us.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);

  return {
    brokers: `127.0.0.1:${port}`,
    origin: 'jars',
    pid: () => child.pid,
    dataDirectory: join(directory, 'data'),
    kill: () => killed(child),
    restart: async () => {
      child = await launch(classPath, place);
    },
    stop: async () => {
      if (stopped) return;
      stopped = true;
      process.off('exit', endWithUs).off('SIGTERM', onSignal).off('SIGINT', onSignal);
      await killed(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
