import type { EventDefinition } from '../../event/event-definition.ts';
import type { Field } from '../../event/field-type.ts';
import { checkEvents } from '../check/check-events.ts';
import { checkFunction } from '../check/check-function.ts';
import { milliseconds, notADuration } from '../check/duration.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import { keyColumnType } from '../columns/check-columns.ts';
import type { DeclaredSources, DisorderOptions } from '../declare/declared-sources.ts';
import type { FilterPlan, FilterValue } from '../plan/filter-plan.ts';
import { conditionsOf, expectedInstead } from '../plan/filter-plan.ts';
import type { KeyPlan, SourcePlan, TimePlan } from '../plan/plan.ts';
import { snakeCase } from '../plan/snake-case.ts';

const MAX_DRIFT_MS = 3_600_000;
const IDLE_MS = 10_000;
const ORDERED = new Set([
  'int',
  'long',
  'float',
  'double',
  'decimal',
  'timestamp-millis',
  'timestamp-micros',
]);

/**
 * Returns the field of that name. @throws DEFINITION_INVALID through `fail`, naming the fields that
 * exist
 */
export function fieldNamed(event: EventDefinition, name: string, context: StepContext): Field {
  const field = event.fields.find((each) => each.name === name);
  if (field !== undefined) return field;
  const known = event.fields.map((each) => each.name).join(', ');
  return context.fail(context.step, `${event.name} has no field "${name}"; it has ${known}.`);
}

/**
 * Returns the parts of the key: fields that all events have, with one type. Checks the events
 * first.
 * @throws DEFINITION_INVALID through `fail`
 */
export function planKeys({ events, keyFields }: DeclaredSources, fail: Fail): KeyPlan[] {
  checkEvents(events, { step: '.from(…)', fail });
  const step = '.key(…)';
  if (keyFields.length === 0) fail(step, 'names no field.');
  const twice = keyFields.find((name, i) => keyFields.indexOf(name) !== i);
  if (twice !== undefined) fail(step, `names "${twice}" twice.`);
  return keyFields.map((name): KeyPlan => {
    const types = events.map((event) => fieldNamed(event, name, { step, fail }).type);
    const [type] = types as [Field['type']];
    if (keyColumnType(type) === undefined) {
      fail(
        step,
        `"${name}" is a ${type.kind}; a key is made of text, enums, whole numbers, booleans or days.`,
      );
    }
    const other = types.find((each) => keyColumnType(each) !== keyColumnType(type));
    if (other !== undefined) {
      fail(step, `"${name}" is a ${type.kind} in one event and a ${other.kind} in another.`);
    }
    return { field: name, column: snakeCase(name), type };
  });
}

/**
 * Returns the first event whose record key is not part of the key, so that its events of one row
 * are in several partitions; null if there is none.
 */
export function eventSplitByKey({ events, keyFields }: DeclaredSources): EventDefinition | null {
  return (
    events.find(({ keyField }) => keyField === undefined || !keyFields.includes(keyField)) ?? null
  );
}

/**
 * Refuses a key that does not contain the record key, for projections that need every event of a
 * key in one partition.
 */
export function requireRecordKey(declared: DeclaredSources, fail: Fail): void {
  const event = eventSplitByKey(declared);
  if (event === null) return;
  const recordKey =
    event.keyField === undefined ? 'has no record key' : `has the record key "${event.keyField}"`;
  fail(
    '.key(…)',
    `does not contain the record key: ${event.name} ${recordKey}, so events of one row would lie in several partitions. Add that field to .key(…).`,
  );
}

/**
 * Returns what the fold needs of each kind of event. `fieldsOf`: the fields read besides key, time
 * and `where`; an event may lack some of them.
 */
export function planSources(
  declared: DeclaredSources,
  fieldsOf: (event: EventDefinition, source: number) => readonly string[],
  fail: Fail,
): SourcePlan[] {
  const { events } = declared;
  const refuses = refusesTombstones(declared, fail);
  return events.map((event, index): SourcePlan => {
    const where = declared.where.map((filter) => planFilter(event, filter, fail));
    const time = planTime(event, declared.time, fail);
    const names = [
      ...declared.keyFields,
      ...(time.kind === 'field' ? [time.field] : []),
      ...fieldsOf(event, index),
      ...where.flatMap(filterFields),
    ];
    const fields = [...new Set(names)];
    return { event, time, where, fields, ...(refuses && { refusesTombstones: true }) };
  });
}

function refusesTombstones({ tombstones = [] }: DeclaredSources, fail: Fail): boolean {
  const step = '.onTombstone(…)';
  const [answer = 'ignore', second] = tombstones;
  if (second !== undefined) fail(step, 'is called twice.');
  if (answer !== 'ignore' && answer !== 'refuse') {
    fail(step, "takes 'ignore' or 'refuse'; only tables have rows that a tombstone may delete.");
  }
  return answer === 'refuse';
}

/** Returns the fields that a filter names. */
export function filterFields(filter: FilterPlan): readonly string[] {
  return filter.kind === 'conditions' ? filter.conditions.map(({ field }) => field) : [];
}

function planTime(event: EventDefinition, time: DeclaredSources['time'], fail: Fail): TimePlan {
  const step = '.time(…)';
  if (time !== null && typeof time === 'object') {
    if (time.time === 'record' || time.time === 'processing') return { kind: time.time };
    return fail(step, 'takes a field, ingestionTime() or processingTime().');
  }
  const field = time ?? event.timeField;
  if (field === undefined) return { kind: 'record' };
  const { type } = fieldNamed(event, field, { step, fail });
  if (type.kind !== 'timestamp-millis' && type.kind !== 'timestamp-micros') {
    fail(step, `"${field}" of ${event.name} is a ${type.kind}; event time is a timestamp.`);
  }
  return { kind: 'field', field };
}

/**
 * Plans lateness, drift guard and ticks. `waits`: the projection closes windows or sessions or
 * matches patterns, so ticks are on by default.
 */
export function planDisorder(
  options: DisorderOptions & { readonly late?: 'revise' | 'reject' },
  waits: boolean,
  context: StepContext,
): {
  readonly latenessMs: number;
  readonly maxDriftMs: number;
  readonly idleMs: number | null;
  readonly late: 'revise' | 'reject';
} {
  const { step, fail } = context;
  const ms = (name: string, given: string | number) => {
    const value = milliseconds(given);
    if (value === null) return fail(step, `${name}: ${notADuration(given)}`);
    if (value < 0) fail(step, `${name} must not be negative; it is ${JSON.stringify(given)}.`);
    return value;
  };
  const { late = 'revise', idle = waits ? IDLE_MS : 'off' } = options;
  const { lateness = 0, maxDrift = MAX_DRIFT_MS } = options;
  if (late !== 'revise' && late !== 'reject') fail(step, "late is 'revise' or 'reject'.");
  const idleMs = idle === 'off' ? null : ms('idle', idle);
  if (idleMs === 0) fail(step, "idle must be longer than nothing, or 'off'.");
  return {
    latenessMs: ms('lateness', lateness),
    maxDriftMs: ms('maxDrift', maxDrift),
    idleMs,
    late,
  };
}

/** Converts a filter to plan data and checks it against the event's fields. */
export function planFilter(
  event: EventDefinition,
  filter: unknown,
  fail: Fail,
  step = '.where(…)',
): FilterPlan {
  if (typeof filter === 'function') {
    checkFunction(filter, 'its function', { step, fail });
    return { kind: 'function', accepts: filter as (event: never) => boolean };
  }
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
    return fail(step, 'takes { field: value } or a function.');
  const conditions = conditionsOf(filter as Record<string, unknown>, (field, what) =>
    fail(step, `"${field}" ${what}.`),
  );
  for (const { field: name, operator, values } of conditions) {
    const { type } = fieldNamed(event, name, { step, fail });
    for (const value of values) {
      const expected = expectedInstead(type, value);
      if (expected === null) continue;
      fail(
        step,
        `"${name}" is a ${type.kind} and is compared with ${print(value)}; it takes ${expected}.`,
      );
    }
    if (!['in', 'notIn'].includes(operator) && !ORDERED.has(type.kind)) {
      fail(step, `"${name}" is a ${type.kind}, which has no order for ${operator}.`);
    }
  }
  return { kind: 'conditions', conditions };
}

function print(value: FilterValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
