/**
 * Who may use a registry's server. With both, either will do; with neither, everybody who reaches
 * it.
 */
export interface RegistryServerAuth {
  /** Basic authentication. */
  readonly users?: readonly { readonly username: string; readonly password: string }[];
  /** Bearer tokens. */
  readonly tokens?: readonly string[];
}

/** Where a registry's server listens, and who may use it. */
export interface RegistryServerOptions {
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string;
  /** Default 8081, as Confluent's; 0 takes a free one. */
  readonly port?: number;
  readonly auth?: RegistryServerAuth;
}

/** A running server. */
export interface RegistryServer {
  /** `http://host:port`. */
  readonly url: string;
  /** Answers what is under way, then ends. */
  close(): Promise<void>;
}

/** What the server writes about itself; a pino logger will do. */
export interface RegistryLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
