import { registryHistory, sameSchema } from '../registry/registry-history.ts';
import type {
  RegisteredSchema,
  SchemaReference,
  SchemaRegistry,
} from '../registry/schema-registry.ts';
import { RepriseError } from '../reprise-error.ts';
import type { CheckRules } from './check-records.ts';
import { isRecorded, recordedSchema, versionAt } from './resolved-schema.ts';
import type { RecordedVersion, SchemaFolder, SchemaRecord } from './schema-folder.ts';
import { subjectOfText } from './subject-of-text.ts';

/** Result of registering a recorded version. */
export interface Registration {
  readonly name: string;
  readonly version: number;
  readonly subject: string;
  /** Its version and id in the registry. */
  readonly registered: RegisteredSchema;
  /** False: the registry already had it. */
  readonly isNew: boolean;
}

/**
 * Registers the recorded versions of records that a registry lacks, oldest first, each under its
 * subject and with references to the versions that it was recorded with. Skips versions older than
 * the newest one in the registry, because they could only be added after it.
 * @throws INCOMPATIBLE_SCHEMA, SCHEMA_INVALID (a current file is not recorded),
 * REGISTRY_UNAVAILABLE, REGISTRY_REFUSED
 */
export async function registerRecords(
  folder: SchemaFolder,
  records: readonly SchemaRecord[],
  registry: SchemaRegistry,
  rules: CheckRules,
): Promise<readonly Registration[]> {
  const unrecorded = records.find((record) => !isRecorded(folder, record));
  if (unrecorded !== undefined) throw notRecorded(unrecorded.name);
  const work = new Registering(folder, registry, rules);
  for (const record of records) await work.record(record);
  return work.done;
}

class Registering {
  readonly done: Registration[] = [];
  readonly #folder: SchemaFolder;
  readonly #registry: SchemaRegistry;
  readonly #rules: CheckRules;
  /** Registered versions by the path of the recorded version. */
  readonly #known = new Map<string, RegisteredSchema>();

  constructor(folder: SchemaFolder, registry: SchemaRegistry, rules: CheckRules) {
    this.#folder = folder;
    this.#registry = registry;
    this.#rules = rules;
  }

  async record(record: SchemaRecord): Promise<void> {
    const found = await Promise.all(record.versions.map((version) => this.#find(version)));
    const last = found.findLastIndex((one) => one !== null);
    for (const version of record.versions.slice(last + 1)) await this.#register(version);
  }

  /** Returns the registry's version that equals this one; null if there is none. */
  async #find(version: RecordedVersion): Promise<RegisteredSchema | null> {
    const known = this.#known.get(version.path);
    if (known !== undefined) return known;
    const history = await registryHistory(this.#registry, this.#subjectOf(version));
    const standalone = recordedSchema(this.#folder, version);
    const found = history.find((one) => sameSchema(one.standalone, standalone))?.registered ?? null;
    if (found !== null) this.#remember(version, found, false);
    return found;
  }

  async #register(version: RecordedVersion): Promise<RegisteredSchema> {
    const found = await this.#find(version);
    if (found !== null) return found;
    const references: SchemaReference[] = [];
    for (const [name, path] of Object.entries(version.references)) {
      const referenced = versionAt(this.#folder, path);
      if (referenced === undefined) continue;
      const { subject, version: number } = await this.#register(referenced);
      references.push({ name, subject, version: number });
    }
    const subject = this.#subjectOf(version);
    const registered = await this.#registry.register(subject, version.text, references);
    this.#remember(version, registered, true);
    return registered;
  }

  #subjectOf({ text, path }: RecordedVersion): string {
    return subjectOfText(text, path, this.#rules.subjects);
  }

  #remember(
    { path, version }: RecordedVersion,
    registered: RegisteredSchema,
    isNew: boolean,
  ): void {
    this.#known.set(path, registered);
    const name = path.slice(0, path.indexOf('/'));
    const { subject } = registered;
    this.done.push({ name, version, subject, registered, isNew });
  }
}

function notRecorded(name: string): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `${name}.avsc is not the newest recorded version, and only recorded versions are registered. Record it first: reprise schemas new ${name}`,
    { facts: { name } },
  );
}
