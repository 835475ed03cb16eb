import { checkFunction } from '../check/check-function.ts';
import { checkOptions } from '../check/check-options.ts';
import { milliseconds, notADuration } from '../check/duration.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import { checkColumns, checkIndexes, keyColumn, keySteps } from '../columns/check-columns.ts';
import { revisedColumn, sessionColumns, sessionStateColumns } from '../columns/plan-column.ts';
import { DISORDER_OPTIONS } from '../declare/declared-sources.ts';
import type { SessionDeclaration, SessionDefinition } from '../declare/session-projection.ts';
import type { GapPlan, SessionPlan } from '../plan/plan.ts';
import type { Projection } from '../plan/projection.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import { checkRowEmissions } from './check-emission.ts';
import { compileMeasures } from './compile-measures.ts';
import { finishedPlan } from './finished-plan.ts';
import { planDisorder, planKeys, planSources, requireRecordKey } from './plan-sources.ts';

const STEP = '.session({ … })';

/** Compiles the plan of a session projection. @throws DEFINITION_INVALID */
export function compileSession(
  projection: Projection,
  { declared }: SessionDefinition<unknown>,
  fail: Fail,
): SessionPlan {
  const { name, version } = projection;
  const { sources: from, options, emissions } = declared;
  const context = { step: STEP, fail };
  const keys = planKeys(from, fail);
  requireRecordKey(from, fail);
  checkOptions(options, ['gap', 'maxLength', ...DISORDER_OPTIONS], context);
  const gap = gapPlan(options, context);
  const compiled = compileMeasures(declared.measures, { events: from.events, scores: false }, fail);
  const disorder = planDisorder(options, true, context);
  const maxLengthMs = maxLength(options, disorder.latenessMs, fail);
  const own = sessionColumns();
  const state = sessionStateColumns();
  const revised = revisedColumn('session');
  checkColumns([...own, revised, ...state], [...keySteps(keys), ...compiled.steps], fail);
  const columns = [
    ...keys.map(keyColumn),
    ...own,
    ...compiled.columns,
    revised,
    ...state,
    ...compiled.stateColumns,
  ];
  checkRowEmissions(emissions, columns, fail);
  const events = from.events.map((event) => event.name).join(', ');
  const table: TablePlan = {
    name,
    version,
    comment: `${projection.constructor.name} of reprise: sessions of ${events} events by ${from.keyFields.join(', ')}`,
    columns,
    indexes: checkIndexes(declared.indexes, columns, { step: '.index(…)', fail }),
    view: { onlyWhere: null, merges: null, isMerged: false },
  };
  const { measures, accumulators, measureFilters } = compiled;
  const shape = {
    kind: 'session',
    sources: planSources(from, compiled.fieldsOf, fail),
    keys,
    gap,
    maxLengthMs,
    ...disorder,
    emissions,
    accumulators,
    measures,
    measureFilters,
  } as const;
  return finishedPlan(projection, shape, { fail, tables: [table], rebuild: 'live' });
}

function gapPlan({ gap }: SessionDeclaration['options'], context: StepContext): GapPlan {
  const { fail } = context;
  if (typeof gap === 'function') {
    checkFunction(gap, 'gap', context);
    const gapOf = gap as (event: never) => string | number;
    return {
      kind: 'dynamic',
      gapMs: (event) => {
        const ms = milliseconds(gapOf(event));
        if (ms === null || ms <= 0)
          throw new RangeError(`the gap ${String(gapOf(event))} is no duration above zero`);
        return ms;
      },
      written: String(gap),
    };
  }
  const gapMs = gap === undefined ? null : milliseconds(gap);
  if (gapMs === null) return fail(STEP, `gap: ${notADuration(gap)}`);
  if (gapMs <= 0) {
    return fail(STEP, `gap must be longer than nothing; it is ${JSON.stringify(gap)}.`);
  }
  return { kind: 'fixed', gapMs };
}

function maxLength(
  { maxLength: given }: SessionDeclaration['options'],
  latenessMs: number,
  fail: Fail,
): number | null {
  if (given === undefined) return null;
  const ms = milliseconds(given);
  if (ms === null) return fail(STEP, `maxLength: ${notADuration(given)}`);
  if (ms <= 0) fail(STEP, `maxLength must be longer than nothing; it is ${JSON.stringify(given)}.`);
  if (latenessMs > 0) {
    fail(
      STEP,
      'has both maxLength and lateness. Where a session is cut depends on the events before it, so with disorder the order of arrival would show. Leave one of them out.',
    );
  }
  return ms;
}
