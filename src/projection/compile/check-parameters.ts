import type { StepContext } from '../check/fail-for.ts';
import type { DeclaredMeasure } from '../declare/declared-measure.ts';

/** Smallest relative error: a smaller one would need sketches of unbounded size. */
const RELATIVE_ERROR_MIN = 1e-4;

/**
 * Checks the parameters of an aggregate: a quantile, a number of values. @throws DEFINITION_INVALID
 * through `fail`
 */
export function checkParameters(measure: DeclaredMeasure, { step, fail }: StepContext): void {
  const { aggregate, parameters = {} } = measure;
  const of = measure.field ?? measure.of;
  for (const [name, value] of Object.entries(parameters)) {
    const given = `${aggregate}("${of}"): ${name} is ${String(value)}`;
    if (name === 'q') {
      if (!(value >= 0 && value <= 1)) fail(step, `${given}; it takes a share from 0 to 1.`);
    } else if (name === 'relativeError') {
      if (!(value >= RELATIVE_ERROR_MIN && value < 1)) {
        fail(step, `${given}; it takes a share from ${RELATIVE_ERROR_MIN} to below 1.`);
      }
    } else if (!(Number.isSafeInteger(value) && value >= 1)) {
      fail(step, `${given}; it takes a whole number from 1.`);
    }
  }
}
