import type { EventDefinition } from '../../event/event-definition.ts';
import type { Field, FieldType } from '../../event/field-type.ts';
import type { StepContext } from '../check/fail-for.ts';
import type { PatternElement } from '../plan/pattern-element.ts';
import type { ColumnPlan, ColumnType } from '../plan/table-plan.ts';

/**
 * Symbolic value of an event's field, or of the number of events of a step, in a trial run of a
 * user's function.
 */
export class Reference {
  readonly field: Field | 'length';

  constructor(field: Field | 'length') {
    this.field = field;
  }
}

/** A function read a name from a proxy that its events do not have: a mistake in the function. */
class UnknownName extends Error {}

/**
 * Runs a user's pure function once on a symbolic proxy. Returns its result; undefined if the
 * function computes with the values, so that the result is unknown.
 * @throws DEFINITION_INVALID through `fail` if it reads an unknown name
 */
export function tried(make: unknown, proxy: unknown, { step, fail }: StepContext): unknown {
  try {
    return (make as (subject: unknown) => unknown)(proxy);
  } catch (error) {
    return error instanceof UnknownName ? fail(step, `${error.message}.`) : undefined;
  }
}

/** Creates a symbolic proxy of a row, by SQL names. */
export function rowProxy(columns: readonly ColumnPlan[]): unknown {
  const shown = columns.filter(({ role }) => role !== 'state');
  const references = shown.map((column): [string, Reference] => [
    column.name,
    new Reference({ name: column.name, type: fieldTypeOf(column), nullable: column.nullable }),
  ]);
  const known = shown.map(({ name }) => name).join(', ');
  return proxyOf(
    Object.fromEntries(references),
    (name) => `the row has no column "${name}"; it has ${known}`,
  );
}

/**
 * Returns the field type of a column. A numeric without fraction digits is a bigint, whatever it
 * was created from.
 */
function fieldTypeOf({ type, scale = 0, precision = 0 }: ColumnPlan): FieldType {
  if (type === 'numeric')
    return scale > 0 ? { kind: 'decimal', precision, scale } : { kind: 'long' };
  return { kind: FIELD_KIND[type] ?? 'other' };
}

const FIELD_KIND: Readonly<
  Partial<Record<ColumnType, Exclude<FieldType['kind'], 'enum' | 'decimal'>>>
> = {
  text: 'string',
  boolean: 'boolean',
  int4: 'int',
  int8: 'long',
  float8: 'double',
  date: 'date',
  timestamptz: 'timestamp-millis',
};

/** Creates a symbolic proxy of a match's events by step, for each step that may have events. */
export function matchProxy(
  pattern: readonly PatternElement[],
  events: readonly EventDefinition[],
): unknown {
  const steps = new Map(stepProxies(pattern, events, false));
  const known = [...steps.keys()].join(', ');
  return proxyOf(
    Object.fromEntries(steps),
    (name) => `there is no step "${name}"; there are ${known}`,
  );
}

function stepProxies(
  elements: readonly PatternElement[],
  events: readonly EventDefinition[],
  isRepeated: boolean,
): [string, unknown][] {
  return elements.flatMap((element): [string, unknown][] => {
    const { max } = element.quantifier;
    const repeats = isRepeated || max === null || max > 1;
    if (element.kind === 'group') return stepProxies(element.elements, events, repeats);
    if (element.contiguity.startsWith('not')) return [];
    const { source } = element.condition;
    const event = eventProxy(source === null ? events : events.slice(source, source + 1));
    return [[element.name, repeats ? listProxy(event) : event]];
  });
}

function eventProxy(events: readonly EventDefinition[]): unknown {
  const fields = events.flatMap((event) => event.fields);
  const references = Object.fromEntries(fields.map((field) => [field.name, new Reference(field)]));
  const names = events.map((event) => event.name).join(' or ');
  return proxyOf(references, (name) => `${names} has no field "${name}"`);
}

function proxyOf(values: object, unknown: (name: string) => string): unknown {
  return new Proxy(values, {
    get(target, name, receiver) {
      if (Object.hasOwn(target, name)) return Reflect.get(target, name, receiver) as unknown;
      if (typeof name === 'string' && !(name in target) && name !== 'toJSON') {
        throw new UnknownName(unknown(name));
      }
      return undefined;
    },
  });
}

function listProxy(event: unknown): unknown {
  return new Proxy(
    {},
    {
      get(_target, name) {
        if (name === 'length') return new Reference('length');
        if (name === 'at') return () => event;
        if (typeof name === 'string' && /^\d+$/.test(name)) return event;
        throw new Error(`"${String(name)}" of a repeated step is computed`);
      },
    },
  );
}
