import type { AccumulatorPlan, WindowedPlan } from '../projection/plan.ts';
import type { Accumulator } from './accumulator.ts';
import { Count } from './count.ts';
import { DoubleSum } from './double-sum.ts';
import { Extreme } from './extreme.ts';
import { IntegerSum } from './integer-sum.ts';
import { HEADER_NUMBERS } from './row-state.ts';

/** An accumulator at work, with the column of the batch it reads (-1: none, it counts events). */
export interface PlacedAccumulator {
  readonly plan: AccumulatorPlan;
  readonly accumulator: Accumulator;
  readonly fieldIndex: number;
}

/** Makes a plan's accumulators and lays them out in the row's stride. */
export function createAccumulators(plan: WindowedPlan): {
  readonly placed: readonly PlacedAccumulator[];
  readonly stride: number;
} {
  const fields = plan.sources[0]?.fields ?? [];
  let stride = HEADER_NUMBERS;
  const placed = plan.accumulators.map((each): PlacedAccumulator => {
    const accumulator = createAccumulator(each, plan);
    accumulator.place(stride);
    stride += accumulator.width;
    return {
      plan: each,
      accumulator,
      fieldIndex: each.field === null ? -1 : fields.indexOf(each.field),
    };
  });
  return { placed, stride };
}

function createAccumulator(each: AccumulatorPlan, plan: WindowedPlan): Accumulator {
  switch (each.kind) {
    case 'count':
      return new Count(each.column);
    case 'sumDouble':
      return new DoubleSum(each);
    case 'sumInteger':
      return new IntegerSum(each.column);
    default: {
      const column = plan.table.columns.find(({ name }) => name === each.column);
      return new Extreme(each.kind, each.column, column?.type ?? 'float8');
    }
  }
}
