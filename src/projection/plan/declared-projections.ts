import { RepriseError } from '../../reprise-error.ts';
import type { Plan } from './plan.ts';
import { planNamed } from './plan-named.ts';
import type { Projection } from './projection.ts';

/**
 * A projection as an argument: its class as the configuration declares it, an instance of that
 * class, or its name.
 */
export type ProjectionReference<P extends Projection = Projection> =
  | (new (
      ...services: never[]
    ) => P)
  | P
  | string;

/** The projections of the configuration, found by reference. */
export class DeclaredProjections {
  readonly plans: readonly Plan[];
  readonly #names: ReadonlyMap<unknown, string>;

  /** `plans` are those of `classes`, in the same order. */
  constructor(classes: readonly unknown[], plans: readonly Plan[]) {
    this.plans = plans;
    this.#names = new Map(plans.map(({ name }, i): [unknown, string] => [classes[i], name]));
  }

  /**
   * The name of a projection. A name is returned as it is: versions of a projection that is no
   * longer declared may still be stored.
   * @throws UNKNOWN_PROJECTION for a class that is not declared, since another version of it could
   * be under the same name
   */
  nameOf(reference: ProjectionReference): string {
    if (typeof reference === 'string') return reference;
    const declaredClass = typeof reference === 'function' ? reference : reference.constructor;
    const name = this.#names.get(declaredClass);
    if (name !== undefined) return name;
    throw new RepriseError(
      'UNKNOWN_PROJECTION',
      `The class ${declaredClass.name || '(without a name)'} is not among the "projections" of the configuration; declared are: ${this.#classNames()}. Add it there, or give the name of the projection, such as 'user_metrics'.`,
    );
  }

  /** The plan of a projection. @throws UNKNOWN_PROJECTION when it is not declared */
  planOf(reference: ProjectionReference): Plan {
    return planNamed(this.plans, this.nameOf(reference));
  }

  #classNames(): string {
    const names = [...this.#names].map(
      ([each, name]) => `${(each as { name: string }).name} (${name})`,
    );
    return names.join(', ') || 'none';
  }
}
