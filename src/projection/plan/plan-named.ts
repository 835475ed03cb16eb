import { RepriseError } from '../../reprise-error.ts';
import type { Plan } from './plan.ts';

/** The plan of that name. @throws UNKNOWN_PROJECTION naming those there are */
export function planNamed(plans: readonly Plan[], name: string): Plan {
  const plan = plans.find((each) => each.name === name);
  if (plan !== undefined) return plan;
  const known = plans.map((each) => each.name).join(', ') || 'none';
  throw new RepriseError(
    'UNKNOWN_PROJECTION',
    `There is no projection named ${name} in the configuration; declared are: ${known}. Add its class to "projections" in reprise.config.ts.`,
    { facts: { projection: name } },
  );
}
