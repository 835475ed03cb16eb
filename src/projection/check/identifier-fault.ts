const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;
/** Postgres truncates longer identifiers silently. */
const IDENTIFIER_BYTES_MAX = 63;
/** Columns that every Postgres table has; they cannot be declared. */
const SYSTEM_COLUMNS = new Set(['ctid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);
/** Suffixes that reprise appends to table names: of versions and of hidden state. */
const TABLE_SUFFIX = /__(?:v\d+|state|baseline)$/;

/**
 * Returns what is wrong with a name as a Postgres identifier; null if it is valid. `suffix`: the
 * text that will be appended to it.
 */
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

/** Returns what is wrong with a column name; null if it is valid. */
export function columnFault(name: string): string | null {
  if (SYSTEM_COLUMNS.has(name)) return 'is a system column, which every table of Postgres has';
  return identifierFault(name);
}

/**
 * Returns what is wrong with the name of a read model, whose tables get `suffix` appended; null if
 * it is valid.
 */
export function readModelFault(name: string, suffix: string): string | null {
  const ending = TABLE_SUFFIX.exec(name);
  if (ending !== null) return `ends in ${ending[0]}, as the names of tables of reprise's own do`;
  return identifierFault(name, suffix);
}
