import type { Field } from '../../event/field-type.ts';
import type { AccumulatorPlan } from '../plan/plan.ts';
import type { ColumnPlan, ColumnType } from '../plan/table-plan.ts';
import type { CompiledMeasure } from './compiled-measures.ts';

/**
 * Returns the visible columns of a measure: its own and, for an approximate measure,
 * `<name>_exact`.
 */
export function measureColumn(compiled: CompiledMeasure): ColumnPlan[] {
  const { plan, field, nullable } = compiled;
  const { name, column, aggregate, field: fieldName, exactColumn } = plan;
  const comment =
    aggregate === 'zScore'
      ? `${name}: standard deviations of ${plan.of} from the mean of the key's earlier closed windows; null: still open, or too few of them`
      : fieldName === null
        ? `${name}: ${aggregate === 'count' ? 'number of events' : 'aggregate of the application'}`
        : `${name}: ${aggregate} of ${fieldName}`;
  const shape = shapeOf(compiled, field, nullable);
  const own: ColumnPlan = { name: column, role: 'measure', comment, ...shape };
  if (exactColumn === null) return [own];
  return [
    own,
    {
      name: exactColumn,
      type: 'boolean',
      nullable: false,
      role: 'measure',
      comment: `whether ${name} is exact or an estimate`,
    },
  ];
}

type ColumnShape = Pick<ColumnPlan, 'type' | 'nullable' | 'scale' | 'precision'>;

function shapeOf(
  { plan, userColumn }: CompiledMeasure,
  field: Field | null,
  nullable: boolean,
): ColumnShape {
  switch (plan.aggregate) {
    case 'count':
    case 'countDistinct':
      return { type: 'int8', nullable: false };
    case 'topK':
    case 'collect':
      return { type: 'jsonb', nullable: false };
    case 'variance':
    case 'stddev':
    case 'zScore':
      return { type: 'float8', nullable: true };
    case 'avg':
    case 'quantile':
      return { type: 'float8', nullable };
    case 'user': {
      const { type = 'jsonb', isNullable = true, scale, precision } = userColumn ?? {};
      return {
        type,
        nullable: isNullable,
        ...(scale === undefined ? {} : { scale }),
        ...(precision === undefined ? {} : { precision }),
      };
    }
    case 'first':
    case 'last':
      return { ...plainShape(field as Field), nullable };
    default:
      return { ...numberShape(plan.aggregate, field as Field), nullable };
  }
}

function numberShape(aggregate: string, field: Field): Omit<ColumnShape, 'nullable'> {
  switch (field.type.kind) {
    case 'decimal':
      return { type: 'numeric', ...scaleOf(field) };
    case 'long':
    case 'timestamp-micros':
      return { type: aggregate === 'sum' ? 'numeric' : 'int8' };
    case 'timestamp-millis':
      return { type: 'timestamptz' };
    default:
      return { type: 'float8' };
  }
}

function plainShape(field: Field): Omit<ColumnShape, 'nullable'> {
  switch (field.type.kind) {
    case 'string':
    case 'uuid':
    case 'enum':
      return { type: 'text' };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
      return { type: 'date' };
    default:
      return numberShape('first', field);
  }
}

/** Returns the hidden columns: state of accumulators that is not a measure's own column. */
export function stateColumns(
  accumulators: readonly AccumulatorPlan[],
  compiled: readonly CompiledMeasure[],
): ColumnPlan[] {
  return accumulators.flatMap((accumulator): ColumnPlan[] => {
    const of = compiled.find(
      ({ plan }) => plan.field === accumulator.field && plan.filter === accumulator.filter,
    );
    const field = of?.field ?? null;
    const hidden = (name: string, type: ColumnType, comment: string): ColumnPlan[] => {
      if (!name.startsWith('_')) return [];
      const nullable =
        type === 'float8[]' || (accumulator.kind.startsWith('sum') && (of?.nullable ?? false));
      const scale = type === 'numeric' ? scaleOf(field) : {};
      return [{ name, type, role: 'state', nullable, comment, ...scale }];
    };
    switch (accumulator.kind) {
      case 'count':
        return hidden(
          accumulator.column,
          'int8',
          `values of ${accumulator.field ?? 'the event'} counted`,
        );
      case 'sumInteger':
        return hidden(accumulator.column, 'numeric', `exact sum of ${accumulator.field}`);
      case 'sumDouble':
        return [
          ...hidden(accumulator.hi, 'float8', `sum of ${accumulator.field}, rounded once`),
          ...hidden(
            accumulator.lo,
            'float8',
            `what rounding left over of the sum of ${accumulator.field}`,
          ),
          ...hidden(
            accumulator.rest,
            'float8[]',
            `what a second rounding left over of the sum of ${accumulator.field}`,
          ),
        ];
      case 'object':
        return hidden(accumulator.column, 'text', `state of ${accumulator.state.kind}, JSON`);
      default:
        return [];
    }
  });
}

function scaleOf(field: Field | null): { scale?: number } {
  return field?.type.kind === 'decimal' ? { scale: field.type.scale } : {};
}
