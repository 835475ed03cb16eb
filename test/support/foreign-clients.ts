import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache-directory.ts';
import { buildGoProgram } from './go-program.ts';

const run = promisify(execFile);
const clients = fileURLToPath(new URL('./clients', import.meta.url));

const CONFLUENT_KAFKA = '2.16.1';

/** A client that is none of ours, as a command without its arguments. */
export interface ForeignClient {
  readonly command: readonly [string, ...string[]];
}

/**
 * What a client is asked to do: write `count` events from number `first` on, then read `total` of
 * the topic.
 */
export interface ClientTask {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly first: number;
  readonly count: number;
  readonly total: number;
}

/**
 * What it reports: the events it read (id, user, action, value, time in milliseconds, key of the
 * record), sorted by id, and what the registry told it.
 */
export interface ClientReport {
  readonly events: readonly (readonly [string, string, string, number, number, string])[];
  readonly said: Readonly<Record<string, unknown>>;
}

/**
 * `confluent-kafka[avro]` from PyPI in an environment of its own in the cache. Undefined, said
 * loudly, where that is impossible. @throws Error instead when `REPRISE_REQUIRE_KAFKA=1`
 */
export function confluentPython(): Promise<ForeignClient | undefined> {
  return available("Confluent's Python client", async () => {
    const directory = cacheDirectory(`confluent-kafka-${CONFLUENT_KAFKA}`);
    if (!existsSync(directory)) await installPython(directory);
    return { command: [join(directory, 'bin', 'python'), join(clients, 'confluent_client.py')] };
  });
}

/** franz-go with its registry client, built by Go. As for Python. */
export function franzGo(): Promise<ForeignClient | undefined> {
  return available('franz-go', async () => ({
    command: [buildGoProgram('franz-client', join(clients, 'franz'))],
  }));
}

/** Runs a client to its end. @throws Error with its words when it fails */
export async function runClient(client: ForeignClient, task: ClientTask): Promise<ClientReport> {
  const { brokers, registryUrl, topic, first, count, total } = task;
  const [command, ...before] = client.command;
  const args = [brokers.join(','), registryUrl, topic, ...[first, count, total].map(String)];
  const { stdout } = await run(command, [...before, ...args], {
    timeout: 90_000,
    maxBuffer: 16 << 20,
  });
  return JSON.parse(stdout) as ClientReport;
}

/** Made beside its place and renamed at the end: a cut-off installation never looks complete. */
async function installPython(directory: string): Promise<void> {
  const building = `${directory}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true });
  await run('python3', ['-m', 'venv', '--copies', building]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(join(building, 'bin', 'python'), [...pip, `confluent-kafka[avro]==${CONFLUENT_KAFKA}`]);
  // Only `bin/python` is used, which finds its packages beside itself wherever it stands.
  await rename(building, directory);
}

async function available(
  name: string,
  make: () => Promise<ForeignClient>,
): Promise<ForeignClient | undefined> {
  try {
    return await make();
  } catch (error) {
    const said = `NO ${name.toUpperCase()}, its tests are SKIPPED: ${(error as Error).message}`;
    if (process.env['REPRISE_REQUIRE_KAFKA'] === '1') throw new Error(said, { cause: error });
    process.stderr.write(`\n${'='.repeat(78)}\n  ${said}\n${'='.repeat(78)}\n`);
    return undefined;
  }
}
