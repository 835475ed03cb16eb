import { RepriseError } from '../reprise-error.ts';
import type { RegistryMode } from './registry-store.ts';
import type { CompatibilityLevel, SchemaReference } from './schema-registry.ts';

/**
 * The content of a registry in Postgres as JSON: enough to decode every record that was written
 * with its ids.
 */
export interface RegistryExport {
  readonly format: 1;
  /** Identity of the registry; topics are bound to it. */
  readonly registry: string;
  /** All schemas, ascending by id. */
  readonly schemas: readonly ExportedSchema[];
  /** By subject, then version. */
  readonly versions: readonly ExportedVersion[];
  /** Levels by subject; '' is the global level. */
  readonly compatibility: Readonly<Record<string, CompatibilityLevel>>;
  readonly modes: Readonly<Record<string, RegistryMode>>;
}

/** A schema under its id, as it was registered. */
export interface ExportedSchema {
  readonly id: number;
  readonly schema: string;
  readonly references?: readonly (SchemaReference & { readonly id: number })[];
}

/** A version of a subject; `deleted`: soft-deleted. */
export interface ExportedVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly deleted: boolean;
}

/** Result of an import. */
export interface ImportReport {
  /** Number of schemas added; existing ones do not count. */
  readonly schemas: number;
  readonly versions: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Parses the output of `reprise registry export`. @throws CONFIG_INVALID saying what is wrong */
export function parseRegistryExport(text: string): RegistryExport {
  const value = parsed(text);
  const { format, registry, schemas, versions } = value;
  if (format !== 1) throw invalid(`its "format" is ${JSON.stringify(format)}, not 1`);
  if (typeof registry !== 'string' || !UUID.test(registry))
    throw invalid('"registry" is not a UUID');
  const isId = (id: unknown) => typeof id === 'number' && Number.isInteger(id) && id > 0;
  if (!Array.isArray(schemas) || !Array.isArray(versions)) throw invalid('it lacks a list');
  const ids = new Set<unknown>();
  for (const each of schemas as Partial<ExportedSchema>[]) {
    if (!isId(each.id) || typeof each.schema !== 'string')
      throw invalid(`schema ${JSON.stringify(each).slice(0, 80)}`);
    ids.add(each.id);
  }
  for (const each of versions as Partial<ExportedVersion>[]) {
    const isVersion = typeof each.subject === 'string' && isId(each.version) && ids.has(each.id);
    if (!isVersion) throw invalid(`version ${JSON.stringify(each).slice(0, 80)}`);
  }
  return { compatibility: {}, modes: {}, ...value } as unknown as RegistryExport;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // reported below
  }
  throw invalid('it is not JSON');
}

function invalid(what: string): RepriseError {
  return new RepriseError(
    'CONFIG_INVALID',
    `The file is no export of a registry: ${what}. Give what \`reprise registry export\` wrote.`,
  );
}
