import { isDeepStrictEqual } from 'node:util';
import type { Evolution } from '../../event/event-definition.ts';
import { RepriseError } from '../../reprise-error.ts';
import { isSameShape } from '../compatibility/is-same-shape.ts';
import { parseJson, parseSchema } from '../schema/parse-schema.ts';

/** A schema that a producer wrote with. */
export interface WriterSchema {
  readonly text: string;
  /** Name in errors, e.g. `schema 7`. */
  readonly origin: string;
}

/**
 * Returns the index of the recorded version that a producer wrote with: the one with the same JSON,
 * otherwise the newest of the same shape; -1: none.
 * @throws INCOMPATIBLE_SCHEMA if versions of that shape need different upcasters, so that the
 * choice would be a guess
 */
export function recordedVersion(evolution: Evolution, writer: WriterSchema): number {
  const texts = evolution.versions.map(({ schemaText = '' }) => schemaText);
  const json = parseJson(writer.text, writer.origin);
  const exact = texts.findLastIndex((text) => isDeepStrictEqual(parseJson(text, ''), json));
  if (exact >= 0) return exact;
  const shape = parseSchema(writer.text, writer.origin);
  const alike = texts.flatMap((text, i) => (isSameShape(parseSchema(text, ''), shape) ? [i] : []));
  const needs = new Set(alike.map((version) => upcastersFrom(evolution, version).length));
  if (needs.size <= 1) return alike.at(-1) ?? -1;
  const versions = alike.map((version) => version + 1).join(' and ');
  throw new RepriseError(
    'INCOMPATIBLE_SCHEMA',
    `${writer.origin} has the shape of versions ${versions}, which need different upcasters, and is the text of neither. Register the recorded text, or tell the versions apart by a field.`,
  );
}

/** Returns the upcasters that an event of a version passes through. */
export function upcastersFrom({ versions, upcasters }: Evolution, version: number) {
  return upcasters.filter(({ from }) => versions.indexOf(from) >= version);
}
