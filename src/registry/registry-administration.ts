import type { ImportReport, RegistryExport } from './registry-export.ts';
import type { RegistryServer, RegistryServerOptions } from './registry-server.ts';

/**
 * Serves, exports and imports the registry kept in Postgres, whichever registry the application
 * itself uses.
 * @example
 * const { url } = await app.postgresRegistry.serve({ port: 0 });
 */
export interface RegistryAdministration {
  /**
   * Serves the registry over Confluent's REST API until the server or the application is closed.
   * `options` take precedence over `registryServer` of the configuration. The tables must exist
   * (`migrate`).
   * @throws PORT_IN_USE, CONFIG_INVALID when it cannot listen there
   * @example
   * const server = await app.postgresRegistry.serve({ port: 0, auth: { tokens: ['secret'] } });
   * console.log(server.url);
   */
  serve(options?: RegistryServerOptions): Promise<RegistryServer>;
  /**
   * Reads the whole registry, ids included. @throws NOT_MIGRATED, REGISTRY_UNAVAILABLE
   * @example
   * const { schemas, versions } = await app.postgresRegistry.export();
   */
  export(): Promise<RegistryExport>;
  /**
   * Adds what `export` returned, in one transaction. Safe to repeat.
   * @throws REGISTRY_REFUSED where an id belongs to another schema, NOT_MIGRATED
   * @example
   * const { schemas } = await app.postgresRegistry.import(await app.postgresRegistry.export());
   */
  import(exported: RegistryExport): Promise<ImportReport>;
}
