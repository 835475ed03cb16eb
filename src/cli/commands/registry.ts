import { isIP } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import type { RegistryServerChoice } from '../../config/reprise-config.ts';
import { jsonText } from '../terminal/json-text.ts';
import { stopped } from '../terminal/stop-on-signals.ts';
import { optionsOf, type Session, withApp } from '../terminal/with-app.ts';
import { addRegistryTransfer } from './registry-transfer.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly json?: boolean;
}

/**
 * Adds `reprise registry`: the registry stored in Postgres. `serve` makes it available to clients
 * of Confluent's REST API.
 */
export function addRegistry(program: Command): void {
  const registry = program
    .command('registry')
    .description('serve, export and import the schema registry stored in Postgres');
  registry
    .command('serve')
    .description("serve Confluent's REST API until SIGINT or SIGTERM")
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine only)')
    .option('--port <number>', 'port to listen on; 0 picks a free one (default: 8081)', portNumber)
    .action(async (_local, command: Command) => {
      const options = optionsOf<ServeOptions>(command);
      await withApp(
        options,
        (session) => serve(session, options),
        (input) => input,
      );
    });
  addRegistryTransfer(registry);
}

/**
 * Steps: 1 create the tables, 2 listen, 3 print the address, 4 wait for a signal. Closing the
 * application ends the server.
 */
async function serve({ app, config, signal }: Session, options: ServeOptions): Promise<void> {
  await app.migrate(); // 1
  if (signal.aborted) return;
  const { host = config.registryServer.host, port = config.registryServer.port } = options;
  const where = {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
  const { url } = await app.postgresRegistry.serve(where); // 2
  if (isOpenToAll(host, config.registryServer)) {
    process.stderr.write(
      `warning: anybody who can reach ${url} may register and delete schemas. Require a password or a token: "registryServer" in the configuration.\n`,
    );
  }
  console.log(options.json === true ? jsonText({ url }) : started(url)); // 3
  await stopped(signal); // 4
}

function started(url: string): string {
  return `The schema registry listens on ${url} and serves Confluent's REST API. Try ${url}/subjects; stop it with Ctrl+C.`;
}

function isOpenToAll(host: string | undefined, { users, tokens }: RegistryServerChoice): boolean {
  const isLoopback =
    host === undefined ||
    host === 'localhost' ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'));
  return !isLoopback && users === undefined && tokens === undefined;
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}
