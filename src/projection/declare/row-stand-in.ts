import type { EventDefinition } from '../../event/event-definition.ts';
import type { Field, FieldType } from '../../event/field-type.ts';
import type { Place } from '../check/fail-for.ts';
import type { PatternElement } from '../plan/pattern-element.ts';
import type { ColumnPlan, ColumnType } from '../plan/table-plan.ts';

/**
 * Stands for a field of an event, or for how many events a step has, where a user's function is run
 * once to see what it makes.
 */
export class Reference {
  readonly field: Field | 'length';

  constructor(field: Field | 'length') {
    this.field = field;
  }
}

/**
 * A stand-in was asked for what its events do not have: a mistake of the function, not of the
 * stand-in.
 */
class UnknownName extends Error {}

/**
 * Runs a pure function of the user once on a stand-in. Gives what it makes; undefined where that
 * cannot be told, since it computes with the values.
 * @throws DEFINITION_INVALID through `fail` where it asks for what is not there
 */
export function tried(make: unknown, standIn: unknown, { step, fail }: Place): unknown {
  try {
    return (make as (subject: unknown) => unknown)(standIn);
  } catch (error) {
    return error instanceof UnknownName ? fail(step, `${error.message}.`) : undefined;
  }
}

/** A row by SQL names, as a stand-in. */
export function rowStandIn(columns: readonly ColumnPlan[]): unknown {
  const shown = columns.filter(({ role }) => role !== 'state');
  const references = shown.map((column): [string, Reference] => [
    column.name,
    new Reference({ name: column.name, type: fieldTypeOf(column), nullable: column.nullable }),
  ]);
  const known = shown.map(({ name }) => name).join(', ');
  return standInOf(
    Object.fromEntries(references),
    (name) => `the row has no column "${name}"; it has ${known}`,
  );
}

/** A numeric without fraction digits comes as bigint, whatever it was made from. */
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

/** The events of a match by step, as stand-ins: one for each step that may have events. */
export function matchStandIn(
  pattern: readonly PatternElement[],
  events: readonly EventDefinition[],
): unknown {
  const steps = new Map(stepStandIns(pattern, events, false));
  const known = [...steps.keys()].join(', ');
  return standInOf(
    Object.fromEntries(steps),
    (name) => `there is no step "${name}"; there are ${known}`,
  );
}

function stepStandIns(
  elements: readonly PatternElement[],
  events: readonly EventDefinition[],
  isRepeated: boolean,
): [string, unknown][] {
  return elements.flatMap((element): [string, unknown][] => {
    const { max } = element.quantifier;
    const repeats = isRepeated || max === null || max > 1;
    if (element.kind === 'group') return stepStandIns(element.elements, events, repeats);
    if (element.contiguity.startsWith('not')) return [];
    const { source } = element.condition;
    const event = eventStandIn(source === null ? events : events.slice(source, source + 1));
    return [[element.name, repeats ? listStandIn(event) : event]];
  });
}

function eventStandIn(events: readonly EventDefinition[]): unknown {
  const fields = events.flatMap((event) => event.fields);
  const references = Object.fromEntries(fields.map((field) => [field.name, new Reference(field)]));
  const names = events.map((event) => event.name).join(' or ');
  return standInOf(references, (name) => `${names} has no field "${name}"`);
}

function standInOf(values: object, unknown: (name: string) => string): unknown {
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

function listStandIn(event: unknown): unknown {
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
