/**
 * Wraps data keys, so that Postgres alone (a dump, a backup, a curious administrator) opens
 * nothing. Implement it over a key management service; `localKeyProvider` keeps the wrapping key in
 * the environment or a file. What it throws is taken for an outage: tasks wait, publishing fails.
 */
export interface KeyProvider {
  /**
   * Encrypts a data key of 32 bytes. `wrappingKey` names the key that did it, to be handed back to
   * `unwrap`.
   */
  wrap(dataKey: Buffer): Promise<{ readonly wrapped: Buffer; readonly wrappingKey: string }>;
  /** The data key that `wrap` was given. */
  unwrap(wrapped: Buffer, wrappingKey: string): Promise<Buffer>;
}
