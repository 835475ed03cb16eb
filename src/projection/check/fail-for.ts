import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import type { Projection } from '../plan/projection.ts';

/**
 * Reports a mistake in a definition: the step as the user wrote it, what is wrong and what to do.
 */
export type Fail = (step: string, what: string) => never;

/** A step of a definition and the function that reports a mistake in it. */
export interface StepContext {
  readonly step: string;
  readonly fail: Fail;
}

/** Creates the `fail` of a projection: it throws DEFINITION_INVALID naming class and step. */
export function failFor(projection: Projection): Fail {
  return (step, what) => {
    throw invalid(projection, `${step}: ${what}`);
  };
}

/**
 * The `fail` of builders, which do not know the class whose definition they are part of;
 * `definitionOf` adds it. @throws DEFINITION_INVALID naming the step
 */
export const failUnnamed: Fail = (step, what) => {
  throw new RepriseError('DEFINITION_INVALID', `${step}: ${what}`);
};

/**
 * Runs `define()`. An error thrown inside gets the name of the class, which builders such as
 * `tumbling` do not know.
 * @throws DEFINITION_INVALID naming the class
 */
export function definitionOf<P extends Projection>(projection: P): ReturnType<P['define']> {
  try {
    return projection.define() as ReturnType<P['define']>;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const what = isRepriseError(error, 'DEFINITION_INVALID') ? said : `define(): it threw: ${said}`;
    throw invalid(projection, what, error);
  }
}

function invalid(projection: Projection, message: string, cause?: unknown): RepriseError {
  const className = projection.constructor.name || '(anonymous class)';
  return new RepriseError('DEFINITION_INVALID', `${className} ${message}`, {
    cause,
    facts: { projection: String(projection.name) },
  });
}
