import { createHash } from 'node:crypto';
import { normalText } from '../../avro/schema/normal-text.ts';
import { parseSource, type ReferringSchema } from '../../avro/schema/schema-source.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { REGISTRY_ERRORS, registryRefusal } from '../registry-refusal.ts';
import type { SchemaDraft } from '../registry-store.ts';
import { referencedTexts, resolveReferences } from './referenced-texts.ts';
import type { Queryable, StoredReference } from './version-rows.ts';

/** A draft that is a valid schema, with everything needed to register, find and check it. */
export interface PreparedDraft {
  readonly schemaText: string;
  readonly references: readonly StoredReference[];
  readonly source: ReferringSchema;
  /** Hash of the text verbatim. */
  readonly textHash: Buffer;
  /** Hash of the normal form that equal schemas share. */
  readonly normalHash: Buffer;
}

/** Parses a draft together with its references. @throws REGISTRY_REFUSED (42201) */
export async function prepareDraft(
  client: Queryable,
  subject: string,
  draft: SchemaDraft,
): Promise<PreparedDraft> {
  const references = await resolveReferences(client, draft.references ?? []);
  const texts = await referencedTexts(client, references);
  try {
    const normal = normalText(draft.schemaText, `the schema of ${subject}`);
    const schemaText = draft.normalize === true ? normal : draft.schemaText;
    const source = { schemaText, references: texts };
    parseSource(source, `the schema of ${subject}`);
    return {
      schemaText,
      references,
      source,
      textHash: textHashOf(schemaText, references),
      normalHash: textHashOf(normal, sortedByName(references)),
    };
  } catch (cause) {
    if (!isRepriseError(cause, 'SCHEMA_INVALID')) throw cause;
    throw registryRefusal(REGISTRY_ERRORS.invalidSchema, `Invalid schema: ${cause.message}`, {
      cause,
      facts: { subject },
      toDo: 'Correct the schema file.',
    });
  }
}

/** Computes the hash of a schema's normal form, for stored schemas without one. */
export function normalHashOf(schemaText: string, references: readonly StoredReference[]): Buffer {
  return textHashOf(normalText(schemaText), sortedByName(references));
}

/**
 * Hashes a text and its references. Without references it is the hash that older processes compute.
 */
export function textHashOf(text: string, references: readonly StoredReference[]): Buffer {
  const hash = createHash('sha256').update(text, 'utf8');
  if (references.length > 0) {
    const listed = references.map(({ name, subject, version, id }) => [name, subject, version, id]);
    hash.update(`\0${JSON.stringify(listed)}`, 'utf8');
  }
  return hash.digest();
}

function sortedByName(references: readonly StoredReference[]): readonly StoredReference[] {
  return [...references].sort((a, b) => (a.name < b.name ? -1 : 1));
}
