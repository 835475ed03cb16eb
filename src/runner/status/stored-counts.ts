import type { ClientBase } from 'pg';
import { countRows } from '../../readmodel/count-rows.ts';
import { readVersionCounts, type VersionCounts } from '../store/version-store.ts';
import type { ProjectionStatus, StatusOptions } from './task-status.ts';

/**
 * Tables with up to this many rows, dead ones included, are counted, which takes a few
 * milliseconds. Larger ones are estimated.
 */
const ROWS_COUNTED_MAX = 10_000;
/** Dead letters, late events and unpublished events are counted up to this number. */
const COUNTED_MAX = 1_000;

/** A stored version with its counts, without its tasks. */
export type StoredCounts = Omit<
  ProjectionStatus,
  'isUndeclared' | 'lagRecords' | 'publishFailures' | 'tasks'
>;

/**
 * Reads the stored versions of projections, by the order of `names`, then oldest first. The counts
 * take constant time unless they must be exact.
 */
export async function readCounts(
  client: ClientBase,
  names: readonly string[],
  { exact = false }: StatusOptions,
): Promise<readonly StoredCounts[]> {
  const countedUpTo = exact ? null : COUNTED_MAX;
  const rows = await readVersionCounts(client, names, countedUpTo);
  const counts: StoredCounts[] = [];
  for (const { name, table, version, state, paused, ...row } of rows) {
    const counted = await rowsOf(client, { name: table, version }, row, exact);
    counts.push({
      name,
      version,
      state,
      paused,
      ...counted,
      deadLetters: BigInt(row.dead),
      lateEvents: BigInt(row.late),
      unpublished: BigInt(row.unpublished),
      countedUpTo: countedUpTo === null ? null : BigInt(countedUpTo),
    });
  }
  return counts;
}

/**
 * Counts a small table, and any table if `exact`. Otherwise estimates without reading the table or
 * waiting for locks on it.
 */
async function rowsOf(
  client: ClientBase,
  table: Parameters<typeof countRows>[1],
  { estimate, extent }: Pick<VersionCounts, 'estimate' | 'extent'>,
  exact: boolean,
): Promise<Pick<ProjectionStatus, 'rows' | 'rowsAreEstimated'>> {
  if (estimate === null) return { rows: 0n, rowsAreEstimated: false };
  if (exact) return { rows: await countRows(client, table), rowsAreEstimated: false };
  let least = 0n;
  if ((extent ?? 0) <= ROWS_COUNTED_MAX) {
    least = await countRows(client, table, ROWS_COUNTED_MAX + 1);
    if (least <= BigInt(ROWS_COUNTED_MAX)) return { rows: least, rowsAreEstimated: false };
  }
  const rows = BigInt(Math.max(0, Math.round(estimate)));
  return { rows: rows > least ? rows : least, rowsAreEstimated: true };
}
