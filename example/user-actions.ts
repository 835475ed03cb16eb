import { UserActed } from '../schemas/index.ts';
import { mulberry32, uuid } from './random.ts';

const USERS = 1_000;
const DISORDER_MS = 10_000;

/**
 * The example's events: 1,000 users who view, click and purchase. Event time advances by
 * `1000 / ratePerSecond` ms per event and is up to ten seconds out of order. The same options give
 * the same events.
 */
export function* userActions(options: {
  readonly seed: number;
  readonly startMs: number;
  readonly ratePerSecond?: number;
}): Generator<{ readonly event: typeof UserActed; readonly value: UserActed }> {
  const random = mulberry32(options.seed);
  const identity = mulberry32(options.seed ^ Math.floor(options.startMs / 1000) ^ options.startMs);
  const stepMs = 1000 / (options.ratePerSecond ?? 200);
  for (let index = 0; ; index += 1) {
    const timeMs = options.startMs + index * stepMs - random() * DISORDER_MS;
    const value: UserActed = {
      eventId: uuid(identity, index),
      userId: `user-${String(userNumber(random())).padStart(4, '0')}`,
      ...actionAndValue(random(), random()),
      occurredAt: new Date(Math.floor(timeMs)),
    };
    yield { event: UserActed, value };
  }
}

/** Some users do more than others, as everywhere. */
function userNumber(chance: number): number {
  return Math.floor(chance ** 1.5 * USERS);
}

function actionAndValue(kind: number, size: number): Pick<UserActed, 'action' | 'value'> {
  if (kind < 0.7) return { action: 'VIEW', value: cents(1 + size * 119) };
  if (kind < 0.95) return { action: 'CLICK', value: cents(0.1 + size * 10) };
  return { action: 'PURCHASE', value: cents(5 + size ** 3 * 495) };
}

function cents(value: number): number {
  return Math.round(value * 100) / 100;
}
