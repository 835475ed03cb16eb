import pg from 'pg';
import { Decimal } from '../event/decimal.ts';

const { INT8, NUMERIC, DATE } = pg.types.builtins;

const parsers = new Map<number, (text: string) => unknown>([
  [INT8, BigInt],
  [NUMERIC, parseNumeric],
  [DATE, (text) => text],
]);

/**
 * Types that queries of read models return: int8 → bigint; numeric → bigint if it has no fraction
 * digits, otherwise Decimal; date → 'YYYY-MM-DD'; timestamptz → Date; all others as node-postgres
 * does.
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
  // NaN and Infinity are numerics too; read models have none, but a user's expression may.
  return /\d/.test(text) ? Decimal.fromString(text) : text;
}
