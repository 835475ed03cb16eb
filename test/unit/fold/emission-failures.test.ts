import {
  count,
  type Projection,
  SessionProjection,
  sliding,
  tumbling,
  WindowedProjection,
} from 'reprise';
import { scenario } from 'reprise/testing';
import { expect, it } from 'vitest';
import { FraudSuspected, LoginAttempted } from '../../../schemas/index.ts';

const failing = () => {
  throw new Error('out of luck');
};

class Sessions extends SessionProjection {
  readonly name = 'sittings';
  readonly version = 1;
  define() {
    return this.from(LoginAttempted)
      .key('userId')
      .session({ gap: 1 })
      .measure({ n: count() })
      .onClose(FraudSuspected, failing);
  }
}

class Tumbling extends WindowedProjection {
  readonly name = 'sums';
  readonly version = 1;
  define() {
    return this.from(LoginAttempted)
      .key('userId')
      .window(tumbling(1))
      .measure({ n: count() })
      .onClose(FraudSuspected, failing);
  }
}

class Sliding extends Tumbling {
  override define() {
    return this.from(LoginAttempted)
      .key('userId')
      .window(sliding(2, { every: 1 }))
      .measure({ n: count() })
      .onClose(FraudSuspected, failing);
  }
}

it.each<readonly [string, new () => Projection, RegExp]>([
  [
    'session',
    Sessions,
    /sittings: \.onClose\(.*\) failed for the session with started_at 1970.*, user_id ada: out of luck/,
  ],
  [
    'window',
    Tumbling,
    /sums: \.onClose\(.*\) failed for the window with window_start 1970.*, user_id ada: out of luck/,
  ],
  [
    'sliding window',
    Sliding,
    /failed for the window with window_start .*, user_id ada: out of luck/,
  ],
])('an .onClose that throws names the %s', (_, Declared, message) => {
  const closed = () =>
    scenario(new Declared())
      .publish(LoginAttempted, { userId: 'ada', result: 'FAILURE', address: '', occurredAt: 0 })
      .tick(0, 60_000)
      .alerts();
  expect(closed).toThrowError(
    expect.objectContaining({ code: 'HANDLER_FAILED', message: expect.stringMatching(message) }),
  );
});
