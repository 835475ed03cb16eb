import type { Container } from 'inversify';
import type { RegistryServerChoice } from '../config/reprise-config.ts';
import { createPostgresStore } from '../registry/postgres/postgres-store.ts';
import type { RegistryServer, RegistryServerOptions } from '../registry/registry-server.ts';
import { TOKENS } from './tokens.ts';

/** The registry servers of an application. They end with it. */
export interface RegistryServers {
  /**
   * Serves the registry stored in Postgres. `options` override the configuration. @throws
   * PORT_IN_USE, CONFIG_INVALID
   */
  serve(options?: RegistryServerOptions): Promise<RegistryServer>;
  close(): Promise<void>;
}

/**
 * Creates the servers of the registry in the container's database, whatever registry the
 * application itself uses.
 */
export function registryServers(
  container: Container,
  choice: RegistryServerChoice,
): RegistryServers {
  const running = new Set<RegistryServer>();
  return {
    async serve(options = {}) {
      // Loaded late: only serving needs a web server.
      const { startRegistryServer } = await import('../registry/server/start-registry-server.ts');
      const store = createPostgresStore({ pool: container.get(TOKENS.pool) });
      const { users, tokens, ...where } = choice;
      const auth = {
        ...(users === undefined ? {} : { users }),
        ...(tokens === undefined ? {} : { tokens }),
      };
      const configured = Object.keys(auth).length === 0 ? where : { ...where, auth };
      const server = await startRegistryServer(store, container.get(TOKENS.logger), {
        ...configured,
        ...options,
      });
      running.add(server);
      return server;
    },
    async close() {
      await Promise.all([...running].map((server) => server.close()));
      running.clear();
    },
  };
}
