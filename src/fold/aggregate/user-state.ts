import type { StatePlan } from '../../projection/plan/plan.ts';
import type { ObjectState } from './object-state.ts';

/** Creates the state of a user's aggregate: JSON that the fold never changes in place. */
export function userState(plan: Extract<StatePlan, { kind: 'user' }>): ObjectState<unknown> {
  return {
    zero: () => plan.zero,
    add: (state, _value, _order, event) => plan.add(state, event()),
    merge: (state, other) => plan.merge(state, other),
    toJson: (state) => state,
    fromJson: (json) => json,
  };
}
