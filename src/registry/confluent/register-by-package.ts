import confluent from '@kafkajs/confluent-schema-registry';
import type { RepriseError } from '../../reprise-error.ts';
import { incompatibleSchema } from '../incompatible-schema.ts';
import type { CompatibilityLevel, SchemaReference } from '../schema-registry.ts';
import { type RegistryConnection, refused, unavailable } from './request-registry.ts';

/** One registration. `level` null: the subject has no level of its own, and gets none. */
export interface Registration {
  readonly subject: string;
  readonly schemaText: string;
  readonly references: readonly SchemaReference[];
  readonly level: CompatibilityLevel | null;
}

/**
 * Registers through @kafkajs/confluent-schema-registry. A schema given as `{ type, schema }` is
 * sent verbatim; one given as an object would be serialized again. The package requires that
 * `compatibility` is the subject's level, and sets it afterwards if the subject has none, unless it
 * is undefined.
 * @returns the global id; null if the level has changed since @throws INCOMPATIBLE_SCHEMA,
 * REGISTRY_REFUSED, REGISTRY_UNAVAILABLE
 */
export async function registerByPackage(
  connection: RegistryConnection,
  { subject, schemaText, references, level }: Registration,
): Promise<number | null> {
  const registry = new confluent.SchemaRegistry({
    host: connection.url,
    middlewares: [requestSettings(connection)],
  });
  const options = { subject, compatibility: level ?? undefined };
  try {
    const { id } = await registry.register(
      {
        type: confluent.SchemaType.AVRO,
        schema: schemaText,
        ...(references.length === 0 ? {} : { references: [...references] }),
      },
      options as unknown as NonNullable<Parameters<typeof registry.register>[1]>,
    );
    if (typeof id === 'number') return id;
  } catch (error) {
    if ((error as Error).name === 'ConfluentSchemaRegistryCompatibilityError') return null;
    throw registrationError(connection, subject, error);
  }
  throw unavailable(connection.url, 'it registered a schema without giving an id');
}

/** Adds what the package lacks: authentication schemes other than Basic, and a timeout. */
function requestSettings({ authorization, timeoutMs }: RegistryConnection) {
  return () => ({
    prepareRequest: async (
      next: () => Promise<{ enhance(extras: object): unknown }>,
    ): Promise<never> => {
      const request = await next();
      const headers = authorization === null ? {} : { Authorization: authorization };
      return request.enhance({ headers, timeout: timeoutMs }) as never;
    },
  });
}

function registrationError(
  { url }: RegistryConnection,
  subject: string,
  error: unknown,
): RepriseError {
  const { message: words, status } = error as { message: string; status?: number };
  if (status === 409) {
    return incompatibleSchema(`The registry at ${url}`, { subject, words, cause: error });
  }
  // The package's HTTP client reports a broken connection as a 400 that it made up.
  const broken = status === 400 && /timeout|timed out|ECONN|ENOTFOUND|socket|hang up/i.test(words);
  if (broken || (status !== undefined && (status >= 500 || status === 429))) {
    return unavailable(url, words, error);
  }
  return refused(url, status ?? 0, `schema of ${subject}: ${words}`);
}
