import type { EventDefinition } from '../../event/event-definition.ts';
import { RepriseError } from '../../reprise-error.ts';
import { type DataKey, sealValue } from './pii-envelope.ts';
import { piiFieldsOf } from './pii-fields.ts';

/**
 * Returns the subjects whose keys an event's `pii` values need, each once, as text; empty if it has
 * no such values.
 */
export function subjectsOf(event: EventDefinition, value: unknown): readonly string[] {
  const given = value as Readonly<Record<string, unknown>>;
  const needed = piiFieldsOf(event).filter(({ name }) => isValue(given[name]));
  return [...new Set(needed.map(({ subject }) => subjectText(event, subject, given[subject])))];
}

/**
 * Copies an event with its `pii` values encrypted. The encoder refuses values that are neither text
 * nor bytes.
 * @param keys keys of `subjectsOf`, by subject
 */
export function sealEvent(
  event: EventDefinition,
  value: unknown,
  keys: ReadonlyMap<string, DataKey>,
): unknown {
  const sealed: Record<string, unknown> = { ...(value as Readonly<Record<string, unknown>>) };
  for (const { name, subject, kind } of piiFieldsOf(event)) {
    const given = sealed[name];
    if (!isValue(given) || (kind === 'string') !== (typeof given === 'string')) continue;
    const key = keys.get(subjectText(event, subject, sealed[subject]));
    if (key === undefined) throw new TypeError(`no data key for the subject of ${name}`);
    const bytes = sealValue(Buffer.from(given as string), key);
    sealed[name] = kind === 'string' ? bytes.toString('latin1') : bytes;
  }
  return sealed;
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

function subjectText(event: EventDefinition, field: string, value: unknown): string {
  const text =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
      ? String(value)
      : '';
  if (text !== '') return text;
  throw new RepriseError(
    'ENCODE_FAILED',
    `${event.name}.${field} says whose personal data the event holds, and is empty. Name the subject, or leave the "pii" fields null.`,
    { facts: { event: event.name, field } },
  );
}
