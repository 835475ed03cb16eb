import type { EventDefinition } from '../event/event-definition.ts';
import type { Field } from '../event/field-type.ts';
import type { Fail } from './definition-fault.ts';
import type { PatternElement } from './pattern-plan.ts';
import { snakeCase } from './snake-case.ts';
import type { ColumnPlan, ColumnType } from './table-plan.ts';

/** A field of a step's event, or how many events a step has: what the function of `.row` may give without declared columns. */
class Reference {
  readonly field: Field | 'length';

  constructor(field: Field | 'length') {
    this.field = field;
  }
}

const COLUMN: Readonly<Record<string, ColumnType>> = {
  string: 'text',
  uuid: 'text',
  enum: 'text',
  boolean: 'boolean',
  int: 'float8',
  float: 'float8',
  double: 'float8',
  long: 'int8',
  'timestamp-micros': 'int8',
  'timestamp-millis': 'timestamptz',
  date: 'date',
  decimal: 'numeric',
};

/**
 * The columns of a match's row, found by running its function once on stand-ins for events: each value must be a field of one of them, or the length of a
 * repeated step. @throws DEFINITION_INVALID for values that are computed: their columns must be declared
 */
export function inferredColumns(
  row: (match: never) => Readonly<Record<string, unknown>>,
  of: { readonly pattern: readonly PatternElement[]; readonly events: readonly EventDefinition[] },
  fail: Fail,
): ColumnPlan[] {
  const match = Object.fromEntries(standIns(of.pattern, of.events, false));
  let values: Readonly<Record<string, unknown>>;
  try {
    values = row(match as never);
  } catch (error) {
    return fail(
      '.row(…)',
      `its columns cannot be inferred (${(error as Error).message}). Declare them: .row({ name: text() }, (m) => …).`,
    );
  }
  return Object.entries(values).map(([name, value]): ColumnPlan => {
    const column = snakeCase(name);
    if (column.startsWith('_'))
      fail('.row(…)', `the column "${column}" is reserved; choose another name.`);
    if (!(value instanceof Reference)) {
      return fail(
        '.row(…)',
        `"${name}" is computed, so the type of its column is not known. Declare the columns: .row({ ${name}: double() }, (m) => …).`,
      );
    }
    const { field } = value;
    if (field === 'length')
      return {
        name: column,
        type: 'int4',
        nullable: true,
        role: 'measure',
        comment: `number of events`,
      };
    const type = COLUMN[field.type.kind];
    if (type === undefined)
      return fail(
        '.row(…)',
        `"${name}" is a ${field.type.kind}; declare its column: .row({ ${name}: json() }, (m) => …).`,
      );
    const scale = field.type.kind === 'decimal' ? { scale: field.type.scale } : {};
    return {
      name: column,
      type,
      nullable: true,
      role: 'measure',
      comment: `${field.name} of the match`,
      ...scale,
    };
  });
}

function standIns(
  elements: readonly PatternElement[],
  events: readonly EventDefinition[],
  isRepeated: boolean,
): [string, unknown][] {
  return elements.flatMap((element): [string, unknown][] => {
    const { max } = element.quantifier;
    const repeats = isRepeated || max === null || max > 1;
    if (element.kind === 'group') return standIns(element.elements, events, repeats);
    if (element.contiguity.startsWith('not')) return [];
    const { source } = element.condition;
    const event = standIn(source === null ? events : events.slice(source, source + 1));
    return [[element.name, repeats ? standInList(event) : event]];
  });
}

function standIn(events: readonly EventDefinition[]): unknown {
  return new Proxy(
    {},
    {
      get(_target, name) {
        const field = events.flatMap(({ fields }) => fields).find((each) => each.name === name);
        if (field === undefined)
          throw new Error(
            `${events.map((event) => event.name).join(' or ')} has no field "${String(name)}"`,
          );
        return new Reference(field);
      },
    },
  );
}

function standInList(event: unknown): unknown {
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
