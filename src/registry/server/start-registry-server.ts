import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { RepriseError } from '../../reprise-error.ts';
import type { RegistryLog, RegistryServer, RegistryServerOptions } from '../registry-server.ts';
import type { RegistryStore } from '../registry-store.ts';
import { createRegistryApi } from './registry-api.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8081;

/**
 * Serves a store by Confluent's REST API until closed. The caller owns the store. @throws
 * PORT_IN_USE, CONFIG_INVALID if it cannot listen there
 */
export async function startRegistryServer(
  store: RegistryStore,
  log: RegistryLog,
  options: RegistryServerOptions = {},
): Promise<RegistryServer> {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, auth } = options;
  const api = createRegistryApi({ store, log, auth });
  await listen(api, host, port);
  const { port: taken } = api.server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${taken}`, close: () => api.close() };
}

async function listen(api: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await api.listen({ host, port });
  } catch (cause) {
    await api.close();
    const { code, message } = cause as NodeJS.ErrnoException;
    const inUse = code === 'EADDRINUSE';
    throw new RepriseError(
      inUse ? 'PORT_IN_USE' : 'CONFIG_INVALID',
      inUse
        ? `Something else listens on ${host}:${port} already. Stop it, or serve the registry on another port.`
        : `The registry cannot listen on ${host}:${port} (${message}). Give it an address of this machine and a port it may use.`,
      { cause, facts: { host, port } },
    );
  }
}
