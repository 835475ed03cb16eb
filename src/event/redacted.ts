/**
 * What a `pii` field reads as once its subject was forgotten: this text, in UTF-8 where the field
 * is of type `bytes`. A value and not null, so that columns, keys and functions that expect a text
 * go on working in a replay; one constant, so that every replay gives the same.
 */
export const REDACTED = '[redacted]';

/** The type of `REDACTED`. A field that may be redacted is a `string` all the same. */
export type Redacted = typeof REDACTED;

const redactedBytes = Buffer.from(REDACTED);

/** Whether a field of an event reads as redacted: its subject was forgotten. */
export function isRedacted(value: unknown): boolean {
  return value === REDACTED || (Buffer.isBuffer(value) && value.equals(redactedBytes));
}
