import { jsonText } from './json-text.ts';

/**
 * Formats a plain table: a header, then rows. Each column is as wide as its widest cell; numbers
 * are right-aligned.
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly unknown[])[],
): readonly string[] {
  const cells = rows.map((row) => row.map(cellText));
  const widths = header.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const right = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return right[column] === true ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(header), ...cells.map(line)];
}

/** Formats a value on one line; arrays and objects as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (typeof value === 'number' && !Number.isInteger(value))
    return String(Number(value.toPrecision(10)));
  return Array.isArray(value) || isPlain(value) ? jsonText(value) : String(value);
}

/** Whether the value has no text form of its own, unlike for example a Decimal. */
function isPlain(value: unknown): boolean {
  return typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
}

function isNumeric(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'bigint';
}
