import type { Pool } from 'pg';
import type { Plan } from '../../projection/plan/plan.ts';
import { keyNames, quoted, tableName } from '../../readmodel/table-name.ts';
import type { RowDifference } from './verify-report.ts';

/** Where a scratch task stands in a topic. */
export interface TracedOffset {
  readonly topic: string;
  readonly nextOffset: bigint;
  /** The last record folded; null: none yet. */
  readonly lastOffset: bigint | null;
}

/**
 * What a look found: where the task stands, and which rows are not as they were at the look before.
 */
export interface TracedLook {
  readonly offsets: readonly TracedOffset[];
  readonly changed: readonly RowDifference[];
}

/**
 * Watches rows of the scratch tables while a partition is replayed into them: whole, hidden columns
 * included, as Postgres prints them.
 */
export class TracedRows {
  readonly #pool: Pool;
  readonly #scratch: Plan;
  readonly #partition: number;
  readonly #rows: readonly RowDifference[];
  readonly #seen = new Map<RowDifference, string | null>();

  constructor(pool: Pool, scratch: Plan, rows: readonly RowDifference[], partition: number) {
    this.#pool = pool;
    this.#scratch = scratch;
    this.#partition = partition;
    this.#rows = rows;
  }

  async look(): Promise<TracedLook> {
    const changed: RowDifference[] = [];
    for (const table of this.#scratch.tables) {
      const rows = this.#rows.filter((row) => row.table === table.name);
      if (rows.length === 0) continue;
      const texts = await this.#texts(table, rows);
      for (const [i, row] of rows.entries()) {
        const text = texts[i] ?? null;
        if (text !== (this.#seen.get(row) ?? null)) changed.push(row);
        this.#seen.set(row, text);
      }
    }
    return { offsets: await this.#offsets(), changed };
  }

  async #texts(
    table: Plan['table'],
    wanted: readonly RowDifference[],
  ): Promise<readonly (string | null)[]> {
    const name = tableName(table);
    const same = keyNames(table).map((key) => `t.${quoted(key)} = k.${quoted(key)}`);
    const { rows } = await this.#pool.query<{ text: string | null }>(
      `select t::text as text from unnest($2::jsonb[]) with ordinality w (key, n)
       cross join lateral jsonb_populate_record(null::${name}, w.key) k
       left join ${name} t on t._partition = $1 and ${same.join(' and ')} order by w.n`,
      [this.#partition, wanted.map(({ key }) => JSON.stringify(key))],
    );
    return rows.map((row) => row.text);
  }

  async #offsets(): Promise<readonly TracedOffset[]> {
    const { name, version } = this.#scratch;
    const { rows } = await this.#pool.query<{
      topic: string;
      next_offset: string;
      last_offset: string | null;
    }>(
      `select topic, next_offset, last_offset from reprise.checkpoints
       where projection = $1 and version = $2 and partition = $3 order by topic`,
      [name, version, this.#partition],
    );
    return rows.map((row) => ({
      topic: row.topic,
      nextOffset: BigInt(row.next_offset),
      lastOffset: row.last_offset === null ? null : BigInt(row.last_offset),
    }));
  }
}
