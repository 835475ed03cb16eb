import type { Pool } from 'pg';
import type { DeadLetterStatus, LogPosition } from '../../reprise.ts';
import { RepriseError } from '../../reprise-error.ts';
import { assertDatabase } from '../assert-database.ts';

const COLUMNS = `projection, version, topic, partition, "offset", reason, message, attempts, record_timestamp as "recordTimestamp",
  set_aside_at as "setAsideAt", key, value, headers`;

type Row = Omit<DeadLetterStatus, 'offset' | 'headers'> & {
  offset: string;
  headers: readonly { readonly key: string; readonly value: string | null }[] | null;
};

/** The dead letters of a projection, or of all, in the order of the log; of one position where that is given. @throws UNKNOWN_DEAD_LETTER when it has none */
export async function readDeadLetters(
  pool: Pool,
  projection: string | null,
  position: LogPosition | null,
): Promise<readonly DeadLetterStatus[]> {
  await assertDatabase(pool);
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.dead_letters
     where ($1::text is null or projection = $1) and ${AT_POSITION}
     order by projection, version, topic, partition, "offset"`,
    [projection, ...parametersOf(position)],
  );
  if (position !== null && rows.length === 0) throw unknownDeadLetter(projection, position);
  return rows.map((row) => ({
    ...row,
    offset: BigInt(row.offset),
    headers: (row.headers ?? []).map(({ key, value }) => ({
      key,
      value: value === null ? null : Buffer.from(value, 'base64'),
    })),
  }));
}

/**
 * Throws dead letters of a projection away: the one at a position (of every version), or all. The records stay in the log, and a rebuild meets them again.
 * @returns how many. @throws UNKNOWN_DEAD_LETTER
 */
export async function discardDeadLetters(
  pool: Pool,
  projection: string,
  position: LogPosition | null,
): Promise<number> {
  await assertDatabase(pool);
  const { rowCount } = await pool.query(
    `delete from reprise.dead_letters where projection = $1 and ${AT_POSITION}`,
    [projection, ...parametersOf(position)],
  );
  if (position !== null && rowCount === 0) throw unknownDeadLetter(projection, position);
  return rowCount ?? 0;
}

const AT_POSITION = '($2::text is null or (topic = $2 and partition = $3 and "offset" = $4))';

function parametersOf(position: LogPosition | null): readonly (string | number | null)[] {
  if (position === null) return [null, null, null];
  return [position.topic, position.partition, position.offset.toString()];
}

function unknownDeadLetter(projection: string | null, at: LogPosition): RepriseError {
  const { topic, partition, offset } = at;
  return new RepriseError(
    'UNKNOWN_DEAD_LETTER',
    `${projection ?? 'No projection'} has ${projection === null ? 'a' : 'no'} dead letter at ${topic}[${partition}]@${offset}; reprise dlq list shows those there are.`,
    { facts: { projection, topic, partition, offset } },
  );
}
