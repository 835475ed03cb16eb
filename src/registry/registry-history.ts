import { checkHistory, type HistoryReport } from '../avro/compatibility/check-history.ts';
import { normalText } from '../avro/schema/normal-text.ts';
import type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from './schema-registry.ts';

/** A registered version, its references written out. */
export interface StandaloneVersion {
  readonly registered: RegisteredSchema;
  readonly version: number;
  readonly standalone: string;
}

/**
 * Every version of a subject, oldest first, each with a text that stands alone. @throws
 * REGISTRY_UNAVAILABLE, REGISTRY_REFUSED
 */
export async function registryHistory(
  registry: SchemaRegistry,
  subject: string,
): Promise<readonly StandaloneVersion[]> {
  const versions = await registry.versions(subject);
  return Promise.all(
    versions.map(async (registered) => ({
      registered,
      version: registered.version,
      standalone:
        registered.references === undefined || registered.references.length === 0
          ? registered.schemaText
          : await registry.schemaById(registered.id),
    })),
  );
}

/**
 * Whether two texts that stand alone are the same schema: registries write them anew, in another
 * layout. @throws SCHEMA_INVALID
 */
export function sameSchema(one: string, other: string): boolean {
  return one === other || normalText(one) === normalText(other);
}

/**
 * The version of a subject that is this schema, registered now where there is none. For schemas
 * that may have been registered with references: registered as a text that stands alone they would
 * be another version.
 * @throws as `register` does
 */
export async function findOrRegister(
  registry: SchemaRegistry,
  subject: string,
  standalone: string,
): Promise<RegisteredSchema> {
  const history = await registryHistory(registry, subject);
  const found = history.find((one) => sameSchema(one.standalone, standalone));
  return found?.registered ?? registry.register(subject, standalone);
}

/**
 * The verdict of a level on a schema beside registered versions, which are named by their numbers
 * in the subject. @throws SCHEMA_INVALID
 */
export function checkRegistered(
  versions: readonly { readonly version: number; readonly standalone: string }[],
  next: string,
  mode: CompatibilityLevel,
): HistoryReport {
  const history = versions.map(({ standalone }) => standalone);
  const report = checkHistory({ history, next, mode });
  const conflicts = report.conflicts.map((conflict) => ({
    ...conflict,
    version: versions[conflict.version - 1]?.version ?? conflict.version,
  }));
  return { ...report, conflicts };
}
