import type { EventDefinition } from '../../event/event-definition.ts';
import { checkFunction } from '../check/check-function.ts';
import { checkOptions } from '../check/check-options.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import {
  checkColumns,
  checkIndexes,
  type DeclaringStep,
  hiddenTableName,
  keyColumn,
  keySteps,
} from '../columns/check-columns.ts';
import { matchColumns, planColumn } from '../columns/plan-column.ts';
import { declaredColumns } from '../declare/declared-columns.ts';
import { checkMadeColumns, inferredColumns } from '../declare/inferred-columns.ts';
import type {
  AnyPatternDefinition,
  PatternDeclaration,
  PatternOptions,
} from '../declare/pattern-projection.ts';
import { matchProxy } from '../declare/row-proxy.ts';
import type { ConditionOfStep, PatternElement } from '../plan/pattern-element.ts';
import type { KeyPlan, PatternPlan } from '../plan/plan.ts';
import type { Projection } from '../plan/projection.ts';
import type { ColumnPlan, TablePlan } from '../plan/table-plan.ts';
import { checkEmission } from './check-emission.ts';
import { checkPattern } from './check-pattern.ts';
import { finishedPlan } from './finished-plan.ts';
import { planElements, planSkip, planWithin } from './plan-elements.ts';
import {
  filterFields,
  planDisorder,
  planKeys,
  planSources,
  requireRecordKey,
} from './plan-sources.ts';

const RUNS_MAX = 10_000;
const STEP = '.pattern(…)';
/** Conditions are bits of a 32-bit integer. */
const CONDITIONS_MAX = 30;

/** Compiles the plan of a pattern projection. @throws DEFINITION_INVALID */
export function compilePattern(
  projection: Projection,
  { declared }: AnyPatternDefinition,
  fail: Fail,
): PatternPlan {
  const { sources: from, pattern: given, options, emissions } = declared;
  const context = { step: STEP, fail };
  const keys = planKeys(from, fail);
  requireRecordKey(from, fail);
  if (given === undefined) return fail(STEP, "takes a pattern, such as begin('first').");
  const pattern = planElements(given.elements, { events: from.events, step: STEP, fail });
  const times = planWithin(given, context);
  checkPattern(pattern, times, context);
  checkOptions(options, ['lateness', 'maxDrift', 'idle', 'maxRunsPerKey'], context);
  const disorder = planDisorder({ ...options, late: 'reject' }, true, context);
  const match = matchProxy(pattern, from.events);
  const row = matchRowColumns(declared, match, fail);
  checkColumns(matchColumns(), [...keySteps(keys), row], fail);
  const columns = [...keys.map(keyColumn), ...matchColumns(), ...row.columns];
  checkEmissions(
    declared,
    { match, timesOut: Object.values(times).some((ms) => ms !== null) },
    fail,
  );
  const shape = {
    kind: 'pattern',
    sources: planSources(from, fieldsIn(pattern, context), fail),
    keys,
    ...disorder,
    pattern,
    ...times,
    skip: planSkip(given, pattern, fail),
    maxRunsPerKey: runsMax(options, context),
    row: declared.row as PatternPlan['row'],
    keepsTimeouts: declared.keepsTimeouts,
    emissions,
  } as const;
  const tables = planTables(projection, declared, { keys, columns, fail });
  return finishedPlan(projection, shape, { fail, tables, rebuild: 'live' });
}

/**
 * Returns the columns of a match that `.row(…)` declares; infers them if it has only a function.
 * `match`: a symbolic proxy of a match.
 */
function matchRowColumns(
  { columns, row }: PatternDeclaration,
  match: unknown,
  fail: Fail,
): DeclaringStep {
  const step = '.row(…)';
  if (row === null) return { step, columns: [] };
  const context = { step, fail };
  checkFunction(row, 'what makes the row', context);
  if (columns === null) return { step, columns: inferredColumns(row, match, context) };
  const declared = declaredColumns(columns, context);
  const key = declared.find(({ role }) => role === 'key');
  if (key !== undefined) {
    fail(step, `"${key.declared}" is marked .primaryKey(); the key of a match is match_id.`);
  }
  checkMadeColumns(row, { columns: declared, match }, context);
  return { step, columns: declared.map((column) => ({ ...column, nullable: true })) };
}

function runsMax(
  { maxRunsPerKey = RUNS_MAX }: PatternOptions,
  { step, fail }: StepContext,
): number {
  if (Number.isSafeInteger(maxRunsPerKey) && maxRunsPerKey >= 1) return maxRunsPerKey;
  return fail(step, `maxRunsPerKey is ${String(maxRunsPerKey)}; it takes a whole number from 1.`);
}

/** Returns the fields of an event that the conditions of a pattern read. */
function fieldsIn(pattern: readonly PatternElement[], { step, fail }: StepContext) {
  const conditions = conditionsIn(pattern);
  if (conditions.length > CONDITIONS_MAX) {
    fail(step, `has ${conditions.length} conditions; at most ${CONDITIONS_MAX} are possible.`);
  }
  return (event: EventDefinition, source: number) =>
    conditions
      .filter((condition) => condition.source === null || condition.source === source)
      .flatMap(({ where }) => where.flatMap(filterFields))
      .filter((field) => event.fields.some((each) => each.name === field));
}

/** Returns the table of matches and the hidden table of the keys' states. */
function planTables(
  projection: Projection,
  declared: PatternDeclaration,
  of: {
    readonly keys: readonly KeyPlan[];
    readonly columns: readonly ColumnPlan[];
    readonly fail: Fail;
  },
): readonly [TablePlan, TablePlan] {
  const { name, version } = projection;
  const { keys, columns, fail } = of;
  const { sources: from } = declared;
  const table: TablePlan = {
    name,
    version,
    comment: `${projection.constructor.name} of reprise: matches of a pattern of ${from.events.map((event) => event.name).join(', ')} events by ${from.keyFields.join(', ')}`,
    columns,
    indexes: checkIndexes(declared.indexes, columns, { step: '.index(…)', fail }),
    view: { onlyWhere: null, merges: null, isMerged: false },
  };
  const state: TablePlan = {
    name: hiddenTableName({ name, version }, '__state', fail),
    version,
    comment: `partial matches and events held back, by key, of ${name}`,
    columns: [...keys.map(keyColumn), planColumn('_state', 'text', 'state', 'JSON, versioned')],
    indexes: [],
    view: null,
  };
  return [table, state];
}

function conditionsIn(elements: readonly PatternElement[]): ConditionOfStep[] {
  return elements.flatMap((element) => [
    ...(element.quantifier.until === null ? [] : [element.quantifier.until]),
    ...(element.kind === 'step' ? [element.condition] : conditionsIn(element.elements)),
  ]);
}

function checkEmissions(
  { emissions, keepsTimeouts }: PatternDeclaration,
  { match, timesOut }: { readonly match: unknown; readonly timesOut: boolean },
  fail: Fail,
): void {
  if (keepsTimeouts && !timesOut) {
    fail(
      '.onTimeout(…)',
      'the pattern has no within(duration), so no partial match runs out of time.',
    );
  }
  for (const emission of emissions) {
    const step = emission.on === 'match' ? '.alert(…)' : '.onTimeout(…)';
    checkEmission(emission, match, { step, fail });
  }
}
