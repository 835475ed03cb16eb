import { RepriseError } from '../../reprise-error.ts';
import type { AvroType } from '../schema/avro-type.ts';
import { type Cursor, failed } from './cursor.ts';

/** Limits for one value, against values that are small in bytes and huge in memory. */
export interface Budget {
  /** Total number of array items and map entries that take no bytes. */
  emptyItemsMax: number;
  /** Maximum nesting of records, arrays and maps. */
  readonly depthMax: number;
}

/** The items without bytes that one value may have. */
export const emptyItemsMax = 10_000;

/** Creates a budget: 10,000 items without bytes, 100 levels. */
export function createBudget(): Budget {
  return { emptyItemsMax, depthMax: 100 };
}

/**
 * Skips one value without creating objects, and validates everything that a decoder relies on:
 * lengths, ranges, indexes, item counts.
 * @throws DECODE_FAILED, BUDGET_EXCEEDED
 */
export function skipValue(cursor: Cursor, type: AvroType, budget: Budget, depth = 0): void {
  if (depth > budget.depthMax) throw exceeded(`it nests deeper than ${budget.depthMax} levels`);
  switch (type.kind) {
    case 'null':
      return;
    case 'boolean':
      cursor.boolean();
      return;
    case 'int':
      cursor.int();
      return;
    case 'long':
      cursor.long();
      return;
    case 'float':
      cursor.take(4);
      return;
    case 'double':
      cursor.take(8);
      return;
    case 'bytes':
    case 'string':
      cursor.take(cursor.long());
      return;
    case 'fixed':
      cursor.take(type.size);
      return;
    case 'enum':
      cursor.index(type.symbols.length);
      return;
    case 'union':
      skipValue(cursor, branchOf(cursor, type.branches), budget, depth + 1);
      return;
    case 'record':
      for (const field of type.fields) skipValue(cursor, field.type, budget, depth + 1);
      return;
    case 'array':
      skipBlocks(cursor, { key: false, item: type.items }, budget, depth + 1);
      return;
    case 'map':
      skipBlocks(cursor, { key: true, item: type.values }, budget, depth + 1);
  }
}

function branchOf(cursor: Cursor, branches: readonly AvroType[]): AvroType {
  return branches[cursor.index(branches.length)] as AvroType;
}

interface Block {
  readonly key: boolean;
  readonly item: AvroType;
}

function skipBlocks(cursor: Cursor, block: Block, budget: Budget, depth: number): void {
  for (;;) {
    let count = cursor.long();
    if (count === 0) return;
    let blockEnd = -1;
    if (count < 0) {
      count = -count;
      const size = cursor.long();
      blockEnd = cursor.position + size;
      if (size < 0 || blockEnd > cursor.end) throw failed('a block is longer than the value');
    }
    for (let item = 0; item < count; item += 1) {
      const before = cursor.position;
      if (block.key) skipKey(cursor);
      skipValue(cursor, block.item, budget, depth);
      if (cursor.position === before) {
        budget.emptyItemsMax -= 1;
        if (budget.emptyItemsMax < 0) throw exceeded('it has too many items that take no bytes');
      }
    }
    if (blockEnd >= 0 && cursor.position !== blockEnd) {
      throw failed('a block does not end where it says');
    }
  }
}

const protoKey = Buffer.from('__proto__');

/** Skips a map key. Refuses `__proto__`, which would set the prototype of the decoded object. */
function skipKey(cursor: Cursor): void {
  const length = cursor.long();
  const start = cursor.take(length);
  if (length === protoKey.length && protoKey.equals(cursor.bytes.subarray(start, start + length))) {
    throw failed('a map has the key "__proto__", which no JavaScript object can hold safely');
  }
}

function exceeded(problem: string): RepriseError {
  return new RepriseError(
    'BUDGET_EXCEEDED',
    `The value was refused: ${problem}. If it is legitimate, flatten or split it at the producer.`,
  );
}
