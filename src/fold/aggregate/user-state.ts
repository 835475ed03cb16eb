import type { StatePlan } from '../../projection/plan/plan.ts';
import type { ObjectState } from './object-state.ts';

/** A user's own aggregate: its state is JSON, and never changed in place by us. */
export function userState(plan: Extract<StatePlan, { kind: 'user' }>): ObjectState<unknown> {
  return {
    zero: () => plan.zero,
    add: (state, _value, _order, event) => plan.add(state, event()),
    merge: (state, other) => plan.merge(state, other),
    toJson: (state) => state,
    fromJson: (json) => json,
  };
}
