import { checkColumns, checkIndexes, keyColumn } from './compile-columns.ts';
import { compileMeasures } from './compile-measures.ts';
import { planDisorder, planKeys, planSources, requireRecordKey } from './compile-sources.ts';
import type { Fail } from './definition-fault.ts';
import { milliseconds } from './duration.ts';
import { finishedPlan } from './finished-plan.ts';
import type { GapPlan, SessionPlan } from './plan.ts';
import { revisedColumn } from './plan-column.ts';
import type { Projection } from './projection.ts';
import { sessionColumns, sessionStateColumns } from './session-columns.ts';
import type { SessionDeclaration, SessionDefinition } from './session-projection.ts';
import type { TablePlan } from './table-plan.ts';

const STEP = '.session({ … })';

/** The plan of a session projection. @throws DEFINITION_INVALID */
export function compileSession(
  projection: Projection,
  { declared }: SessionDefinition<unknown>,
  fail: Fail,
): SessionPlan {
  const { name, version } = projection;
  const { sources: from, options, emissions } = declared;
  const keys = planKeys(from, fail);
  requireRecordKey(from, fail);
  const own = sessionColumns();
  const reserved = [
    ...keys.map(({ column }) => column),
    ...own.map((column) => column.name),
    'revised_at_offset',
  ];
  const compiled = compileMeasures(declared.measures, from.events, reserved, fail);
  const disorder = planDisorder(options, true, { step: STEP, fail });
  const maxLengthMs = maxLength(options, disorder.latenessMs, fail);
  const columns = [
    ...keys.map(keyColumn),
    ...own,
    ...compiled.columns,
    revisedColumn('session'),
    ...sessionStateColumns(),
    ...compiled.stateColumns,
  ];
  checkColumns(columns, fail);
  const events = from.events.map((event) => event.name).join(', ');
  const table: TablePlan = {
    name,
    version,
    comment: `${projection.constructor.name} of reprise: sessions of ${events} events by ${from.keyFields.join(', ')}`,
    columns,
    indexes: checkIndexes(declared.indexes, columns, fail),
    view: { onlyWhere: null, merged: null },
  };
  const { measures, accumulators, measureFilters } = compiled;
  const sources = planSources(from, compiled.fieldsOf, fail);
  const shape = {
    kind: 'session',
    sources,
    keys,
    gap: gapPlan(options, fail),
    maxLengthMs,
    ...disorder,
    emissions,
    accumulators,
    measures,
    measureFilters,
  } as const;
  return finishedPlan(projection, shape, { tables: [table], rebuild: 'live' });
}

function gapPlan({ gap }: SessionDeclaration['options'], fail: Fail): GapPlan {
  if (typeof gap === 'function') {
    const gapOf = gap as (event: never) => string | number;
    return {
      kind: 'dynamic',
      gapMs: (event) => {
        const ms = milliseconds(gapOf(event));
        if (ms === null || ms <= 0)
          throw new RangeError(`the gap ${String(gapOf(event))} is no duration above zero`);
        return ms;
      },
    };
  }
  const gapMs = gap === undefined ? null : milliseconds(gap);
  if (gapMs === null)
    return fail(STEP, `gap: ${JSON.stringify(gap)} is not a duration; write '30 minutes'.`);
  if (gapMs <= 0) return fail(STEP, 'gap must be longer than nothing.');
  return { kind: 'fixed', gapMs };
}

function maxLength(
  { maxLength: given }: SessionDeclaration['options'],
  latenessMs: number,
  fail: Fail,
): number | null {
  if (given === undefined) return null;
  const ms = milliseconds(given);
  if (ms === null) return fail(STEP, `maxLength: ${JSON.stringify(given)} is not a duration.`);
  if (ms <= 0) return fail(STEP, 'maxLength must be longer than nothing.');
  if (latenessMs === 0) return ms;
  return fail(
    STEP,
    'has both maxLength and lateness. Where a session is cut depends on the events before it, so with disorder the order of arrival would show. Leave one of them out.',
  );
}
