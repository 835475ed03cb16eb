import pg from 'pg';
import { Decimal } from '../event/decimal.ts';

const { INT8, NUMERIC, DATE } = pg.types.builtins;

const parsers = new Map<number, (text: string) => unknown>([
  [INT8, BigInt],
  [NUMERIC, parseNumeric],
  [DATE, (text) => text],
]);

/**
 * How queries of read models see Postgres types: int8 → bigint; numeric → bigint where it has no
 * fraction digits, else Decimal; date → 'YYYY-MM-DD'; timestamptz → Date; all others as
 * node-postgres does.
 */
export const queryTypes = {
  getTypeParser: (oid: number, format?: string): ((text: string) => unknown) =>
    (format === 'binary' ? undefined : parsers.get(oid)) ??
    (pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as (
      text: string,
    ) => unknown),
};

function parseNumeric(text: string): bigint | Decimal | string {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  // NaN and Infinity are numerics too; none of ours are, but a user's expression may be.
  return /\d/.test(text) ? Decimal.fromString(text) : text;
}
