import { checkColumns, checkIndexes, keyColumn } from './compile-columns.ts';
import { compileMeasures } from './compile-measures.ts';
import { planDisorder, planKeys, planSources, requireRecordKey } from './compile-sources.ts';
import type { Fail } from './definition-fault.ts';
import { milliseconds } from './duration.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { GapPlan, SessionPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import type { SessionDeclaration, SessionDefinition } from './session-projection.ts';
import type { ColumnPlan, TablePlan } from './table-plan.ts';

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
  const maxLengthMs = maxLength(options, fail);
  if (maxLengthMs !== null && disorder.latenessMs > 0) {
    fail(
      STEP,
      'has both maxLength and lateness. Where a session is cut depends on the events before it, so with disorder the order of arrival would show. Leave one of them out.',
    );
  }
  const columns = [
    ...keys.map(keyColumn),
    ...own,
    ...compiled.columns,
    revisedColumn(),
    ...stateColumns(),
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
  return {
    name,
    version,
    ...shape,
    fingerprint: fingerprintOf({ ...shape, name, columns }),
    table,
    tables: [table],
    rebuild: 'live',
    replayable: sources.every(({ time }) => time.kind !== 'processing'),
  };
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

function maxLength({ maxLength: given }: SessionDeclaration['options'], fail: Fail): number | null {
  if (given === undefined) return null;
  const ms = milliseconds(given);
  if (ms === null) return fail(STEP, `maxLength: ${JSON.stringify(given)} is not a duration.`);
  return ms > 0 ? ms : fail(STEP, 'maxLength must be longer than nothing.');
}

function sessionColumns(): ColumnPlan[] {
  const column = (
    name: string,
    type: ColumnPlan['type'],
    role: ColumnPlan['role'],
    comment: string,
  ): ColumnPlan => ({ name, type, nullable: false, role, comment });
  return [
    column('session_id', 'text', 'key', 'the session: made from its key and first event'),
    column('started_at', 'timestamptz', 'measure', 'first event'),
    column('ended_at', 'timestamptz', 'measure', 'last event'),
    column('duration_ms', 'int8', 'measure', 'milliseconds from first to last event'),
    column('closed', 'boolean', 'measure', 'whether no further event can join, lateness aside'),
  ];
}

function revisedColumn(): ColumnPlan {
  return {
    name: 'revised_at_offset',
    type: 'int8',
    nullable: true,
    role: 'measure',
    comment: 'offset of the last event that arrived after the session was closed; null: none did',
  };
}

function stateColumns(): ColumnPlan[] {
  return [
    {
      name: '_until',
      type: 'timestamptz',
      nullable: false,
      role: 'state',
      comment: 'an event up to here would join the session',
    },
    {
      name: '_first',
      type: 'text',
      nullable: false,
      role: 'state',
      comment: 'topic and offset of the first event, JSON',
    },
  ];
}
