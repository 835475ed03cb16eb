import { Decimal } from '../../event/decimal.ts';
import { fieldsRead } from '../syntax/fields-read.ts';
import { functionSyntax } from '../syntax/function-syntax.ts';
import { eventReading } from './event-reading.ts';
import type { EmissionPlan, SourcePlan } from './plan.ts';
import { planFunctions } from './plan-functions.ts';
import { type Json, type PlanShape, SHAPE_FORMAT } from './shape-format.ts';

/**
 * Returns the fields of a source's events that a plan reads: those it names, and those that its
 * functions mention. Null: a function may read all of them.
 */
export function fieldsOfSource(
  shape: object,
  source: SourcePlan,
  index: number,
): readonly string[] | null {
  const names = new Set([...source.fields, ...handlerFields(shape, index)]);
  for (const { text, events, source: of } of planFunctions(shape)) {
    if (of !== null && of !== index) continue;
    const syntax = functionSyntax(text);
    for (const [context, holding] of events) {
      const read = syntax === null ? null : fieldsRead(syntax, context, holding);
      if (read === null) return null;
      for (const name of read) names.add(name);
    }
  }
  return [...names].sort();
}

/** Returns the fields that the handlers of a table name as keys. */
function handlerFields(shape: object, index: number): readonly string[] {
  const { handlers = [] } = shape as {
    readonly handlers?: readonly {
      readonly source: number;
      readonly keys: {
        readonly fields?: readonly string[];
        readonly within?: { readonly field: string } | null;
      };
      readonly lookups: readonly { readonly fields: readonly string[] }[];
    }[];
  };
  return handlers
    .filter(({ source }) => source === index)
    .flatMap(({ keys, lookups }) => [
      ...(keys.fields ?? []),
      ...(keys.within ? [keys.within.field] : []),
      ...lookups.flatMap(({ fields }) => fields),
    ]);
}

/**
 * Returns the shape of a plan. Options that are null, false or empty are left out, so that adding
 * an option to reprise changes no shape. Of events only what is read counts, of functions what they
 * compute, of published events their destination.
 */
export function planShape(plan: object): PlanShape {
  return { format: SHAPE_FORMAT, parts: plain(plan) };
}

/** Parts that do not affect rows, or follow from others. */
const LEFT_OUT = new Set(['columns[].comment', 'keys[].type']);

function plain(value: unknown, key = ''): Json {
  switch (typeof value) {
    case 'function':
      return computed(String(value));
    case 'bigint':
      return { bigint: value.toString() };
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { number: Object.is(value, -0) ? '-0' : String(value) };
    case 'undefined':
      return null;
    case 'object':
      break;
    default:
      return value as Json;
  }
  if (value === null) return null;
  if (value instanceof Date) return { instant: value.getTime() };
  if (value instanceof Decimal) return { decimal: value.toString() };
  if (key === 'zero') return JSON.stringify(value);
  if (Array.isArray(value)) return value.map((each: unknown) => plain(each, `${key}[]`));
  return plainObject(value, key);
}

function plainObject(value: object, key: string): Json {
  if (key === 'sources[]') return sourceParts(value as SourcePlan);
  if (key === 'emissions[]') return emissionParts(value as EmissionPlan);
  const { written } = value as { readonly written?: unknown };
  const entries = Object.entries(value).flatMap(
    ([name, each]: [string, unknown]): [string, Json][] => {
      if (LEFT_OUT.has(`${key}.${name}`)) return [];
      // Wrappers of user functions do not count; `written` does.
      if (typeof written === 'string' && typeof each === 'function') return [];
      const part =
        name === 'written' && typeof each === 'string' ? computed(each) : plain(each, name);
      return isNothing(part) && name !== 'zero' ? [] : [[name, part]];
    },
  );
  return Object.fromEntries(entries);
}

function isNothing(part: Json): boolean {
  return part === null || part === false || (Array.isArray(part) && part.length === 0);
}

function sourceParts({ event, fields: _fields, reads, ...rest }: SourcePlan): Json {
  return plain({ event: eventReading(event, reads ?? null), ...rest });
}

/**
 * Returns where an event is published and what it is created from. Its schema may change, as any
 * event's.
 */
function emissionParts({ event, ...rest }: EmissionPlan): Json {
  const { name, topic, format, keyField, timeField } = event;
  return plain({ name, topic, format, key: keyField, time: timeField, ...rest });
}

/** A function in a shape: what it computes is compared, its text is displayed. */
function computed(text: string): Json {
  return { computes: functionSyntax(text)?.digest ?? text, text };
}
