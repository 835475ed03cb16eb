import type { LoginAttempted } from '../schemas/index.ts';
import type { Random } from './random.ts';

const USERS = 300;
/** How many users somebody is guessing the password of. */
const ATTACKED = 5;

/**
 * A log-in of one of 300 users; five of them are under attack, so that most of their log-ins fail.
 */
export function loginAttempt(random: Random, timeMs: number): LoginAttempted {
  const attacked = random() < 0.3;
  const user = Math.floor(random() * (attacked ? ATTACKED : USERS));
  const failure = random() < (attacked ? 0.8 : 0.1);
  return {
    userId: `user-${String(user).padStart(4, '0')}`,
    result: failure ? 'FAILURE' : 'SUCCESS',
    address: `192.0.2.${Math.floor(random() * 254) + 1}`,
    occurredAt: new Date(timeMs),
  };
}
