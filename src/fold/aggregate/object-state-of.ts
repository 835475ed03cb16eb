import type { FieldType } from '../../event/field-type.ts';
import type { StatePlan } from '../../projection/plan/plan.ts';
import { collectState, edgeState } from './collect-state.ts';
import { distinctState } from './distinct.ts';
import { momentsState } from './moments.ts';
import type { ObjectState } from './object-state.ts';
import { sketchState } from './sketch.ts';
import { topState } from './top.ts';
import { userState } from './user-state.ts';

/**
 * Creates the object state of a plan. `type`: type of the field; undefined if whole events are
 * taken.
 */
export function objectStateOf(plan: StatePlan, type: FieldType | undefined): ObjectState<unknown> {
  switch (plan.kind) {
    case 'first':
    case 'last':
      return edgeState(plan.kind) as ObjectState<unknown>;
    case 'collect':
      return collectState(plan.n) as ObjectState<unknown>;
    case 'distinct':
      return distinctState(plan.exactUpTo) as ObjectState<unknown>;
    case 'top':
      return topState(plan.distinctUpTo) as ObjectState<unknown>;
    case 'sketch':
      return sketchState(plan.relativeError, type) as ObjectState<unknown>;
    case 'moments':
      return momentsState(type) as ObjectState<unknown>;
    case 'user':
      return userState(plan);
  }
}
