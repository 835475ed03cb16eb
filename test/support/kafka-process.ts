import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** At most 512 MB of heap: throughput is measured on this one (bench). */
const JVM = ['-Xmx512m', '-Xms256m', '-XX:+UseG1GC'];

/**
 * Where a broker of ours lives: settings, data and log in a directory; the port that clients use.
 */
export interface BrokerPlace {
  readonly directory: string;
  readonly port: number;
}

/**
 * Writes the memory of a new cluster, as `kafka-storage format` does, for the broker of this
 * directory.
 */
export async function format(
  classPath: string,
  { directory }: BrokerPlace,
  how: readonly string[] = [],
): Promise<void> {
  const id = `C${randomBytes(16).toString('base64url').slice(1)}`;
  const properties = join(directory, 'server.properties');
  const tool = ['-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool', 'format'];
  await run('java', [...tool, ...how, '-t', id, '-c', properties]);
}

/** The settings of a small broker, as the text of its file; `settings` are laid over them. */
export function serverProperties(
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

/**
 * Starts the broker of a formatted directory, by the file `server.properties` in it; resolves when
 * its port answers. @throws Error with the end of its log
 */
export async function launch(
  classPath: string,
  { directory, port }: BrokerPlace,
  jvm: readonly string[] = JVM,
): Promise<ChildProcess> {
  const log = openSync(join(directory, 'broker.log'), 'a');
  const args = [...jvm, '-cp', classPath, 'kafka.Kafka', join(directory, 'server.properties')];
  const child = spawn('java', args, { cwd: directory, stdio: ['ignore', log, log] });
  closeSync(log);
  const deadline = Date.now() + 120_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await killed(child);
      const said = await readFile(join(directory, 'broker.log'), 'utf8');
      const why = said.split('\n').filter((line) => /ERROR|FATAL|Exception/.test(line));
      throw new Error(`Kafka did not start:\n${why.slice(-10).join('\n')}\n${said.slice(-1_000)}`);
    }
    await delay(100);
  }
  return child;
}

/** SIGKILL; resolves when the process is gone. */
export async function killed(child: ChildProcess): Promise<void> {
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

/**
 * Below the ports that the system gives to outgoing connections: one of those might take ours
 * before the broker is up.
 */
const PORTS = { from: 20_000, until: 32_000 };

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = new Map<number, Server>();
  while (servers.size < count) {
    const port = randomInt(PORTS.from, PORTS.until);
    const server = await listening(port);
    if (server !== null) servers.set(port, server);
  }
  for (const server of servers.values()) await new Promise((resolve) => server.close(resolve));
  return [...servers.keys()];
}

function listening(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
