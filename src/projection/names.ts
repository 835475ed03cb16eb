const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;
/** Postgres cuts longer identifiers silently. */
const IDENTIFIER_BYTES_MAX = 63;

/** What is wrong with a name as a Postgres identifier; null: nothing. `suffix` is what gets appended to it. */
export function identifierFault(name: string, suffix = ''): string | null {
  if (!IDENTIFIER.test(name)) {
    return 'may hold only a-z, 0-9 and _, and must not begin with a digit';
  }
  const bytes = Buffer.byteLength(name + suffix);
  if (bytes > IDENTIFIER_BYTES_MAX) {
    return `is ${bytes} bytes long${suffix === '' ? '' : ` with ${suffix}`}; Postgres allows ${IDENTIFIER_BYTES_MAX}`;
  }
  return null;
}
