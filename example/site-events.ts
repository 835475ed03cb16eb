import type { DevEvent, DevEventsOptions } from 'reprise';
import { LoginAttempted, type UserActed } from '../schemas/index.ts';
import { Bank } from './accounts.ts';
import { loginAttempt } from './logins.ts';
import { fromTheirApp } from './older-apps.ts';
import { mulberry32 } from './random.ts';
import { userActions } from './user-actions.ts';
import { visit } from './visits.ts';

/**
 * Of eight events so many are user actions; the others are a log-in, a visit and something at the
 * bank.
 */
const ROUND = 8;

/**
 * Everything that happens in the example: mostly user actions, with log-ins, visits of a shop and a
 * bank's accounts between them. Event time advances by `1000 / ratePerSecond` ms per event. The
 * same options give the same events.
 */
export function* siteEvents(options: DevEventsOptions): Generator<DevEvent> {
  const random = mulberry32(options.seed + 1);
  const bank = new Bank(mulberry32(options.seed + 2));
  const actions = userActions(options);
  const stepMs = 1000 / options.ratePerSecond;
  for (let index = 0; ; index += 1) {
    const timeMs = Math.floor(options.startMs + index * stepMs);
    const action: IteratorResult<{ readonly value: UserActed }, void> = actions.next();
    switch (index % ROUND) {
      case 1:
        yield { event: LoginAttempted, value: loginAttempt(random, timeMs) };
        break;
      case 3:
        yield visit(random, timeMs, index);
        break;
      case 5:
        yield bank.next(timeMs);
        break;
      default:
        if (action.done !== true) yield fromTheirApp(action.value.value);
    }
  }
}
