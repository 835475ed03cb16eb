import type { DevEvent, EventDefinition } from 'reprise';
import { UserActedV1, UserActedV2, UserActedV3 } from '../schemas/history/index.ts';
import { UserActed } from '../schemas/index.ts';

/** Of so many users one each still writes version 1, 2 and 3. */
const USERS_PER_VERSION = 20;

/**
 * An action as the app of its user writes it: some never update theirs, and write a version of old
 * for ever.
 */
export function fromTheirApp(action: UserActed): DevEvent {
  const { value, ...rest } = action;
  switch (Number(action.userId.slice(-4)) % USERS_PER_VERSION) {
    case 1:
      return written(UserActedV1, { ...rest, amount: BigInt(Math.round(value * 1000)) });
    case 2:
      return written(UserActedV2, { ...rest, amount: value });
    case 3:
      return written(UserActedV3, { ...rest, amount: value, page: null });
    default:
      return written(UserActed, action);
  }
}

function written<Event>(event: EventDefinition<Event>, value: Event): DevEvent {
  return { event: event as EventDefinition, value };
}
