import type { Field } from '../../event/field-type.ts';
import { checkEvent } from '../check/check-events.ts';
import { checkFunction, kindOf } from '../check/check-function.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import { Reference, rowProxy, tried } from '../declare/row-proxy.ts';
import type { EmissionPlan } from '../plan/plan.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';

/**
 * Checks the events that `.onClose(…)` publishes from a row with these columns. @throws
 * DEFINITION_INVALID through `fail`
 */
export function checkRowEmissions(
  emissions: readonly EmissionPlan[],
  columns: readonly ColumnPlan[],
  fail: Fail,
): void {
  for (const emission of emissions) {
    checkEmission(emission, rowProxy(columns), { step: '.onClose(…)', fail });
  }
}

/**
 * Checks an event that is published. Runs its function once on a symbolic proxy of the row or match
 * (`subject`). The result must have the event's fields; values that are copied unchanged must have
 * the fields' types. Computed values can only be checked when the event is published. @throws
 * DEFINITION_INVALID through `fail`
 */
export function checkEmission(
  { event, make }: Pick<EmissionPlan, 'event' | 'make'>,
  subject: unknown,
  context: StepContext,
): void {
  const { step, fail } = context;
  checkEvent(event, context);
  checkFunction(make, `what makes ${event.name}`, context);
  const made = tried(make, subject, context);
  if (made === null || made === undefined) return;
  if (typeof made !== 'object') fail(step, `makes ${kindOf(made)} instead of ${event.name}.`);
  if (event.format !== 'avro') return;
  const values = made as Readonly<Record<string, unknown>>;
  const names = event.fields.map(({ name }) => name);
  const unknownName = Object.keys(values).find((name) => !names.includes(name));
  if (unknownName !== undefined) {
    fail(
      step,
      `makes "${unknownName}", and ${event.name} has no such field; it has ${names.join(', ')}.`,
    );
  }
  for (const field of event.fields) {
    if (!Object.hasOwn(values, field.name)) {
      fail(step, `does not make "${field.name}", which ${event.name} has.`);
    }
    const value = values[field.name];
    if (!(value instanceof Reference)) continue;
    const given = kindOfReference(value);
    if (!isSameValue(given, field.type.kind)) {
      fail(
        step,
        `makes "${field.name}" of ${event.name} from a ${given}; it is a ${field.type.kind}.`,
      );
    }
  }
}

function kindOfReference({ field }: Reference): Field['type']['kind'] {
  return field === 'length' ? 'int' : field.type.kind;
}

/** The TypeScript type of a field's values; `other`: unknown. */
const VALUE: Readonly<Partial<Record<Field['type']['kind'], string>>> = {
  string: 'string',
  uuid: 'string',
  enum: 'string',
  date: 'string',
  boolean: 'boolean',
  int: 'number',
  float: 'number',
  double: 'number',
  long: 'bigint',
  'timestamp-micros': 'bigint',
  'timestamp-millis': 'Date',
  decimal: 'Decimal',
  bytes: 'Buffer',
};

function isSameValue(a: Field['type']['kind'], b: Field['type']['kind']): boolean {
  return a === 'other' || b === 'other' || VALUE[a] === VALUE[b];
}
