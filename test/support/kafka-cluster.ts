import type { ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClassPath } from './kafka-jars.ts';
import {
  type BrokerPlace,
  format,
  freePorts,
  killed,
  launch,
  serverProperties,
} from './kafka-process.ts';

/** Ids of the brokers, each of them a controller too: any one may be lost. */
export const BROKER_IDS = [1, 2, 3] as const;

/** Three brokers from jars, in processes of their own. */
export interface KafkaCluster {
  /** `host:port` of all three. */
  readonly brokers: readonly string[];
  /** SIGKILL; resolves when the process is gone. */
  kill(id: number): Promise<void>;
  /** Starts a broker again if it was killed; resolves when its port answers. */
  start(id: number): Promise<void>;
  /** Ends all and removes their data. */
  stop(): Promise<void>;
}

interface Node extends BrokerPlace {
  readonly id: number;
  child: ChildProcess;
}

/** Small time-outs, so that a dead broker is missed soon; with room for a machine that is busy. */
const SETTINGS = {
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '500',
  'replica.lag.time.max.ms': '3000',
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  // Of 60 s: a broker that is not registered by then ends itself.
  'initial.broker.registration.timeout.ms': '240000',
};

/** They do little and start often. */
const JVM = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Starts the cluster, on ports of its own; it ends with `stop()`, and with this process. `settings`
 * are laid over what tests need. Undefined when Java or the jars are missing.
 */
export async function startKafkaCluster(
  settings: Readonly<Record<string, string>> = {},
): Promise<KafkaCluster | undefined> {
  const classPath = await kafkaClassPath();
  if (classPath === undefined) return undefined;
  const nodes = await launchAll(classPath, settings);
  const nodeOf = (id: number): Node => {
    const node = nodes.find((each) => each.id === id);
    if (node === undefined) throw new RangeError(`there is no broker ${id}`);
    return node;
  };
  const endWithUs = () => {
    for (const { child } of nodes) child.kill('SIGKILL');
  };
  process.on('exit', endWithUs);
  return {
    brokers: nodes.map(({ port }) => `127.0.0.1:${port}`),
    kill: (id) => killed(nodeOf(id).child),
    async start(id) {
      const node = nodeOf(id);
      if (node.child.exitCode === null && node.child.signalCode === null) return;
      node.child = await launch(classPath, node, JVM);
    },
    async stop() {
      process.off('exit', endWithUs);
      await Promise.all(nodes.map(({ child }) => killed(child)));
      await Promise.all(
        nodes.map(({ directory }) => rm(directory, { recursive: true, force: true })),
      );
    },
  };
}

/** On a busy machine a broker may give up before its controllers have elected a leader: twice. */
const LAUNCHES = 2;

async function launchAll(
  classPath: string,
  settings: Readonly<Record<string, string>>,
): Promise<readonly Node[]> {
  for (let attempt = 1; ; attempt += 1) {
    const places = await prepare(classPath, settings);
    const launched = await Promise.allSettled(
      places.map(async (place) => ({ ...place, child: await launch(classPath, place, JVM) })),
    );
    const nodes = launched.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = launched.find((each) => each.status === 'rejected');
    if (failed === undefined) return nodes;
    await Promise.all(nodes.map(({ child }) => killed(child)));
    if (attempt === LAUNCHES) throw failed.reason;
    process.stderr.write(`a cluster did not start, trying again: ${String(failed.reason)}\n`);
  }
}

/** Directories of a new cluster. Formatted once and copied: each format is a JVM of its own. */
async function prepare(
  classPath: string,
  settings: Readonly<Record<string, string>>,
): Promise<readonly (BrokerPlace & { readonly id: number })[]> {
  const ports = await freePorts(2 * BROKER_IDS.length);
  const places = await Promise.all(
    BROKER_IDS.map(async (id, b) => {
      const directory = await mkdtemp(join(tmpdir(), `reprise-kafka-${id}-`));
      return { id, directory, port: ports[2 * b] ?? 0, controllerPort: ports[2 * b + 1] ?? 0 };
    }),
  );
  const voters = places.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`);
  for (const { id, directory, port, controllerPort } of places) {
    const own = { 'node.id': String(id), 'controller.quorum.voters': voters.join(',') };
    const properties = { ...SETTINGS, ...own, ...settings };
    const text = serverProperties(directory, port, controllerPort, properties);
    await writeFile(join(directory, 'server.properties'), text);
  }
  const [first, ...others] = places;
  if (first === undefined) throw new RangeError('a cluster without brokers');
  await format(classPath, first);
  for (const { id, directory } of others) {
    const data = join(directory, 'data');
    await cp(join(first.directory, 'data'), data, { recursive: true });
    const meta = await readFile(join(data, 'meta.properties'), 'utf8');
    const own = meta
      .replace(/^node\.id=.*$/m, `node.id=${id}`)
      .replace(
        /^directory\.id=(.)(.*)$/m,
        (_, _first, rest: string) => `directory.id=${id}${rest}`,
      );
    await writeFile(join(data, 'meta.properties'), own);
  }
  return places;
}
