/**
 * Credentials of a registry server. With users and tokens, either is accepted; with neither,
 * everybody is.
 */
export interface RegistryServerAuth {
  /** Basic authentication. */
  readonly users?: readonly { readonly username: string; readonly password: string }[];
  /** Bearer tokens. */
  readonly tokens?: readonly string[];
}

/** Options of the registry server. */
export interface RegistryServerOptions {
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string;
  /** Default 8081, as Confluent's registry; 0 chooses a free port. */
  readonly port?: number;
  readonly auth?: RegistryServerAuth;
}

/** A running server. */
export interface RegistryServer {
  /** `http://host:port`. */
  readonly url: string;
  /**
   * Completes current requests, then closes.
   * @example
   * const server = await app.postgresRegistry.serve();
   * await server.close();
   */
  close(): Promise<void>;
}

/** Logger of the server; a pino logger fits. */
export interface RegistryLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
