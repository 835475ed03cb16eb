import { checkHistory, type HistoryReport } from '../avro/compatibility/check-history.ts';
import { normalText } from '../avro/schema/normal-text.ts';
import type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from './schema-registry.ts';

/** A registered version with its references inlined. */
export interface StandaloneVersion {
  readonly registered: RegisteredSchema;
  readonly version: number;
  readonly standalone: string;
}

/**
 * Returns every version of a subject, oldest first, each as a self-contained text. @throws
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
 * True if two self-contained texts are the same schema: registries may serialize them in another
 * layout. @throws SCHEMA_INVALID
 */
export function sameSchema(one: string, other: string): boolean {
  return one === other || normalText(one) === normalText(other);
}

/**
 * Returns the version of a subject that has this schema; registers it if there is none. For schemas
 * that may have been registered with references: a self-contained text would be registered as
 * another version.
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
 * Checks a schema at a level against registered versions, which are named by their numbers in the
 * subject. @throws SCHEMA_INVALID
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
