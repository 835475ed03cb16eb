import { dateText } from '../../../src/avro/decode/value-type.ts';
import { Decimal } from '../../../src/event/decimal.ts';
import type { RowSet } from '../../../src/projection/plan/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../../src/projection/plan/table-plan.ts';
import { type Cell, MemoryTable, printCells } from '../../../src/testing/memory-table.ts';

/** The table of one task in memory, with what tests print of it. */
export class StoredTable extends MemoryTable {
  /** The stored rows of the keys given. */
  override load(keys: RowSet | Parameters<MemoryTable['load']>[0]): RowSet {
    return super.load('keys' in keys ? keys : { keys });
  }

  /** Every bit of every row, hidden state too, in a fixed order. `but`: columns left out. */
  printed(...but: readonly string[]): string[] {
    const columns = [...this.plan.columns.entries()].filter(([, { name }]) => !but.includes(name));
    return this.cells()
      .map((cells) =>
        columns.map(([c, { name }]) => `${name} ${printCells([cells[c] ?? null])}`).join('; '),
      )
      .sort();
  }

  /**
   * The rows of the stable view as typed queries give them, printed; `printRow` does the same to
   * other rows.
   */
  view(): string[] {
    return this.cells()
      .map((cells) =>
        printRow(
          this.plan,
          Object.fromEntries(
            this.plan.columns.map((column, c) => [column.name, queried(column, cells[c] ?? null)]),
          ),
        ),
      )
      .sort();
  }
}

/** A row of the stable view, in words that tell every value and type apart. */
export function printRow(plan: TablePlan, row: Readonly<Record<string, unknown>>): string {
  return plan.columns
    .filter(({ role }) => role !== 'state')
    .map(({ name }) => `${name} ${printQueried(row[name])}`)
    .join('; ');
}

function printQueried(value: unknown): string {
  if (value instanceof Date) return `at ${value.toISOString()}`;
  if (value instanceof Decimal) return `decimal ${value.toString()}`;
  return printCells([value as Cell]);
}

function queried({ type, scale = 0 }: ColumnPlan, cell: Cell): unknown {
  if (cell === null) return null;
  if (type === 'timestamptz') return new Date(cell as number);
  if (type === 'date') return dateText(cell as number);
  if (type === 'numeric' && scale > 0) return new Decimal(cell as bigint, scale);
  return cell;
}
