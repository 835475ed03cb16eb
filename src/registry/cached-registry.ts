import { isRepriseError, type RepriseError } from '../reprise-error.ts';
import type { SchemaRegistry } from './schema-registry.ts';

/** Options of the cache. */
export interface CachedRegistryOptions {
  /** Maximum number of cached texts; evicts the least recently used one. Default 1,000. */
  readonly entriesMax?: number;
  /**
   * How long an unknown id is cached before the registry is asked again, in milliseconds. The time
   * for which the runner retries such an id must be longer. Default 1,000.
   */
  readonly unknownMs?: number;
  /** Milliseconds, monotonic. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Caches schema texts by id; they never change. An unknown id is cached only briefly: it may be
 * registered at any moment, but a topic full of it must not cause a request per record. Concurrent
 * requests for one id are shared. All other calls pass through.
 */
export function cachedRegistry(
  registry: SchemaRegistry,
  options: CachedRegistryOptions = {},
): SchemaRegistry {
  const { entriesMax = 1_000, unknownMs = 1_000, now = () => performance.now() } = options;
  const texts = new Map<number, Promise<string>>();
  const unknown = new Map<number, { readonly until: number; readonly error: RepriseError }>();

  const fetchText = async (id: number): Promise<string> => {
    try {
      return await registry.schemaById(id);
    } catch (error) {
      texts.delete(id);
      if (isRepriseError(error, 'UNKNOWN_SCHEMA_ID')) {
        unknown.set(id, { until: now() + unknownMs, error });
        dropOldest(unknown, entriesMax);
      }
      throw error;
    }
  };

  return {
    kind: registry.kind,
    async schemaById(id) {
      const refused = unknown.get(id);
      if (refused !== undefined && refused.until > now()) throw refused.error;
      unknown.delete(id);
      const text = texts.get(id) ?? fetchText(id);
      // A Map lists keys in the order they were set: setting it again makes this the youngest.
      texts.delete(id);
      texts.set(id, text);
      dropOldest(texts, entriesMax);
      return text;
    },
    async register(subject, schemaText, references) {
      const registered = await registry.register(subject, schemaText, references);
      unknown.delete(registered.id);
      return registered;
    },
    subjects: () => registry.subjects(),
    latest: (subject) => registry.latest(subject),
    versions: (subject) => registry.versions(subject),
    compatibility: (subject) => registry.compatibility(subject),
    setCompatibility: (subject, level) => registry.setCompatibility(subject, level),
    close: () => registry.close(),
  };
}

function dropOldest(entries: Map<number, unknown>, entriesMax: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= entriesMax) return;
    entries.delete(oldest);
  }
}
