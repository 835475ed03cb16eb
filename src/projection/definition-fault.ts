import { RepriseError } from '../reprise-error.ts';
import type { Projection } from './projection.ts';

/** Says what is wrong with a definition: the step as the user wrote it, what is wrong and what to do. */
export type Fail = (step: string, what: string) => never;

/** Makes the `fail` of a projection: DEFINITION_INVALID naming class and step. */
export function failFor(projection: Projection): Fail {
  return (step, what) => {
    throw new RepriseError(
      'DEFINITION_INVALID',
      `${projection.constructor.name} ${step}: ${what}`,
      { facts: { projection: String(projection.name) } },
    );
  };
}
