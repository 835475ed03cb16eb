import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { kafkaClassPath } from './kafka-jars.ts';
import { answers } from './maven-jars.ts';

const run = promisify(execFile);

/** A running Kafka. `brokers` is a comma-separated list of `host:port`. */
export interface Kafka {
  readonly brokers: string;
  readonly origin: 'environment' | 'docker' | 'jars';
  /** Ends what was started and removes its data; leaves foreign brokers alone. Idempotent. */
  stop(): Promise<void>;
}

/** A broker of our own: its process can be killed and started again on the same data directory and port. */
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
 * Kafka for tests and benches: brokers named by `REPRISE_TEST_KAFKA`, else Docker, else Kafka's own jars with local Java.
 * Undefined when this machine has none of them.
 */
export async function startKafka(): Promise<Kafka | undefined> {
  const given = process.env['REPRISE_TEST_KAFKA'];
  if (given) return { brokers: given, origin: 'environment', stop: async () => undefined };
  if (await answers('docker', 'info')) {
    const container = await startContainer();
    if (container !== undefined) return container;
  }
  return startOwnKafka();
}

async function startContainer(): Promise<Kafka | undefined> {
  try {
    const { KafkaContainer } = await import('@testcontainers/kafka');
    const container = await new KafkaContainer('confluentinc/cp-kafka:7.9.0')
      .withKraft()
      .withEnvironment({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' })
      .start();
    const brokers = `${container.getHost()}:${container.getMappedPort(9093)}`;
    return {
      brokers,
      origin: 'docker',
      stop: async () => {
        await container.stop();
      },
    };
  } catch (cause) {
    process.stderr.write(`Docker's Kafka did not start, trying local jars: ${String(cause)}\n`);
    return undefined;
  }
}

/**
 * Starts a one-node Kafka of our own from its jars (ready in about 7 s, at most 512 MB of heap) in a temporary directory.
 * It ends with `stop()`, and with this process. Undefined when Java or the jars are missing.
 */
export async function startOwnKafka(
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnKafka | undefined> {
  const classPath = await kafkaClassPath();
  if (classPath === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'reprise-kafka-'));
  const [port, controllerPort] = await freePorts();
  const properties = join(directory, 'server.properties');
  await writeFile(properties, serverProperties(directory, port, controllerPort, settings));
  const storage = ['-cp', classPath, 'kafka.tools.StorageTool'];
  const { stdout } = await run('java', [...storage, 'random-uuid']);
  const id = stdout.trim().split('\n').at(-1) ?? '';
  await run('java', [...storage, 'format', '--standalone', '-t', id, '-c', properties]);

  let child = await launch(classPath, directory, port);
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
      child = await launch(classPath, directory, port);
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

/** The settings of a small broker, as the text of its file; `settings` are laid over them. */
function serverProperties(
  directory: string,
  port: number,
  controllerPort: number,
  settings: Readonly<Record<string, string>>,
): string {
  const all = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.backoff.ms': '500',
    'log.cleaner.dedupe.buffer.size': '10485760',
    ...settings,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** Starts the broker of a formatted directory; resolves when its port answers. @throws Error with the end of its log */
async function launch(classPath: string, directory: string, port: number): Promise<ChildProcess> {
  const log = openSync(join(directory, 'broker.log'), 'a');
  const heap = ['-Xmx512m', '-Xms256m', '-XX:+UseG1GC'];
  const args = [...heap, '-cp', classPath, 'kafka.Kafka', join(directory, 'server.properties')];
  const child = spawn('java', args, { cwd: directory, stdio: ['ignore', log, log] });
  closeSync(log);
  const deadline = Date.now() + 90_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await killed(child);
      const said = await readFile(join(directory, 'broker.log'), 'utf8');
      throw new Error(`Kafka did not start:\n${said.slice(-3_000)}`);
    }
    await delay(100);
  }
  return child;
}

/** SIGKILL; resolves when the process is gone. */
async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

/** Two ports that were free a moment ago; both are held until both are known. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    ports.push(typeof address === 'object' && address !== null ? address.port : 0);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
