import { checkColumns, checkIndexes, keyColumn } from './compile-columns.ts';
import {
  filterFields,
  planDisorder,
  planKeys,
  planSources,
  requireRecordKey,
} from './compile-sources.ts';
import { declaredColumns } from './declared-columns.ts';
import type { Fail } from './definition-fault.ts';
import { finishedPlan } from './finished-plan.ts';
import { matchColumns } from './match-columns.ts';
import { planElement } from './pattern-element.ts';
import type { ConditionOfStep, PatternElement } from './pattern-plan.ts';
import type { AnyPatternDefinition, PatternDeclaration } from './pattern-projection.ts';
import type { KeyPlan, PatternPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import { inferredColumns } from './symbolic-row.ts';
import type { ColumnPlan, TablePlan } from './table-plan.ts';

const RUNS_MAX = 10_000;
const STEP = '.pattern(…)';
/** Conditions are bits of a 32-bit integer. */
const CONDITIONS_MAX = 30;

/** The plan of a pattern projection. @throws DEFINITION_INVALID */
export function compilePattern(
  projection: Projection,
  { declared }: AnyPatternDefinition,
  fail: Fail,
): PatternPlan {
  const { sources: from, pattern: given, options, emissions } = declared;
  const keys = planKeys(from, fail);
  requireRecordKey(from, fail);
  const pattern = given.elements.map((element, i) =>
    planElement(element, { from: from.events, isFirst: i === 0, fail }),
  );
  checkPattern(declared, pattern, fail);
  const maxRunsPerKey = options.maxRunsPerKey ?? RUNS_MAX;
  if (!(Number.isSafeInteger(maxRunsPerKey) && maxRunsPerKey >= 1))
    fail(STEP, 'maxRunsPerKey must be a whole number from 1.');
  const disorder = planDisorder({ ...options, late: 'reject' }, true, { step: STEP, fail });
  const columns = [
    ...keys.map(keyColumn),
    ...matchColumns(),
    ...rowColumns(declared, pattern, fail),
  ];
  checkColumns(columns, fail);
  const tables = planTables(projection, declared, { keys, columns, fail });
  const conditions = conditionsIn(pattern);
  if (conditions.length > CONDITIONS_MAX)
    fail(STEP, `has ${conditions.length} conditions; at most ${CONDITIONS_MAX} are possible.`);
  const sources = planSources(
    from,
    (event, source) =>
      conditions
        .filter((condition) => condition.source === null || condition.source === source)
        .flatMap(({ where }) => where.flatMap(filterFields))
        .filter((field) => event.fields.some((each) => each.name === field)),
    fail,
  );
  const shape = {
    kind: 'pattern',
    sources,
    keys,
    ...disorder,
    pattern,
    withinMs: given.withinMs,
    withinStepsMs: given.withinStepsMs,
    skip: given.skip,
    maxRunsPerKey,
    row: declared.row as PatternPlan['row'],
    keepsTimeouts: declared.keepsTimeouts,
    emissions,
  } as const;
  return finishedPlan(projection, shape, { tables, rebuild: 'live' });
}

/** The matches, and the hidden table of keys' states. */
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
    indexes: checkIndexes(declared.indexes, columns, fail),
    view: { onlyWhere: null, merged: null },
  };
  const state: TablePlan = {
    name: `${name}__state`,
    version,
    comment: `partial matches and events held back, by key, of ${name}`,
    columns: [
      ...keys.map(keyColumn),
      { name: '_state', type: 'text', nullable: false, role: 'state', comment: 'JSON, versioned' },
    ],
    indexes: [],
    view: null,
  };
  return [table, state];
}

function checkPattern(
  declared: PatternDeclaration,
  pattern: readonly PatternElement[],
  fail: Fail,
): void {
  const names = namesIn(pattern);
  for (const name of names) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      fail(STEP, `the step name "${name}" may hold only letters, digits and _.`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(STEP, `two steps are named "${twice}".`);
  const [first] = pattern;
  const last = pattern.at(-1);
  const { withinMs, skip } = declared.pattern;
  if (first?.contiguity.startsWith('not') === true)
    fail(STEP, 'cannot begin with what must not come.');
  if (last?.contiguity === 'notFollowedBy' && withinMs === null) {
    fail(
      STEP,
      'ends with notFollowedBy and has no within(duration): it would never be known that nothing comes.',
    );
  }
  if (
    pattern.every(
      ({ quantifier, contiguity }) => quantifier.optional || contiguity.startsWith('not'),
    )
  ) {
    fail(STEP, 'every step is optional, so nothing would match already.');
  }
  if ('step' in skip && !names.includes(skip.step)) {
    fail(
      '.afterMatch(…)',
      `${skip.kind}("${skip.step}"): there is no such step; there are ${names.join(', ')}.`,
    );
  }
}

function namesIn(elements: readonly PatternElement[]): string[] {
  return elements.flatMap((element) =>
    element.kind === 'step' ? [element.name] : namesIn(element.elements),
  );
}

function conditionsIn(elements: readonly PatternElement[]): ConditionOfStep[] {
  return elements.flatMap((element) => [
    ...(element.quantifier.until === null ? [] : [element.quantifier.until]),
    ...(element.kind === 'step' ? [element.condition] : conditionsIn(element.elements)),
  ]);
}

function rowColumns(
  { columns, row, sources }: PatternDeclaration,
  pattern: readonly PatternElement[],
  fail: Fail,
): ColumnPlan[] {
  if (row === null) return [];
  if (columns !== null)
    return declaredColumns(columns, '.row(…)', fail).map((column) => ({
      ...column,
      nullable: true,
    }));
  return inferredColumns(row, { pattern, events: sources.events }, fail);
}
