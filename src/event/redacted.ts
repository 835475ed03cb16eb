/**
 * The value of a `pii` field after its subject was forgotten: this text, in UTF-8 if the field is
 * of type `bytes`. It is a value and not null, so that columns, keys and functions that expect a
 * text still work in a replay. It is a constant, so that every replay gives the same result.
 */
export const REDACTED = '[redacted]';

/** The type of `REDACTED`. The type of a field that may be redacted is still `string`. */
export type Redacted = typeof REDACTED;

const redactedBytes = Buffer.from(REDACTED);

/**
 * True if a field of an event is redacted because its subject was forgotten.
 * @example
 * isRedacted(REDACTED); // true
 * isRedacted('Ada'); // false
 */
export function isRedacted(value: unknown): boolean {
  return value === REDACTED || (Buffer.isBuffer(value) && value.equals(redactedBytes));
}
