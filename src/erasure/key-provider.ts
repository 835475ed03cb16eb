/**
 * Encrypts ("wraps") data keys, so that access to Postgres alone (a dump, a backup, an
 * administrator) reveals none. Implement it over a key management service; `localKeyProvider` reads
 * the wrapping key from the environment or a file. Any error it throws counts as an outage: tasks
 * wait, publishing fails.
 * @example
 * // A stand-in for a key management service.
 * const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff));
 * const provider: KeyProvider = {
 *   wrap: async (dataKey) => ({ wrapped: flipped(dataKey), wrappingKey: 'flip' }),
 *   unwrap: async (wrapped) => flipped(wrapped),
 * };
 */
export interface KeyProvider {
  /**
   * Encrypts a data key of 32 bytes. `wrappingKey` identifies the key that was used, and is passed
   * to `unwrap`.
   */
  wrap(dataKey: Buffer): Promise<{ readonly wrapped: Buffer; readonly wrappingKey: string }>;
  /** Decrypts a data key that `wrap` encrypted. */
  unwrap(wrapped: Buffer, wrappingKey: string): Promise<Buffer>;
}
