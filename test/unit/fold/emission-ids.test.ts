import {
  begin,
  count,
  PatternProjection,
  type Projection,
  SessionProjection,
  tumbling,
  WindowedProjection,
} from 'reprise';
import { scenario } from 'reprise/testing';
import { expect, it } from 'vitest';
import { FraudSuspected, LoginAttempted } from '../../../schemas/index.ts';

const at = new Date(0);
const first = () => ({ userId: 'first', firstFailureAt: at, at });
const second = () => ({ userId: 'second', firstFailureAt: at, at });

class Matches extends PatternProjection {
  readonly name = 'twice';
  readonly version = 1;
  define() {
    const matched = this.from(LoginAttempted).key('userId').pattern(begin('any'));
    return matched.alert(FraudSuspected, first).alert(FraudSuspected, second);
  }
}

class Sessions extends SessionProjection {
  readonly name = 'twice';
  readonly version = 1;
  define() {
    const cut = this.from(LoginAttempted).key('userId').session({ gap: 1 });
    return cut
      .measure({ n: count() })
      .onClose(FraudSuspected, first)
      .onClose(FraudSuspected, second);
  }
}

class Windows extends WindowedProjection {
  readonly name = 'twice';
  readonly version = 1;
  define() {
    const windows = this.from(LoginAttempted).key('userId').window(tumbling(1));
    return windows
      .measure({ n: count() })
      .onClose(FraudSuspected, first)
      .onClose(FraudSuspected, second);
  }
}

it.each<readonly [string, new () => Projection]>([
  ['match', Matches],
  ['session', Sessions],
  ['window', Windows],
])('the same event twice of one %s has two ids', (_, Declared) => {
  const alerts = scenario(new Declared())
    .publish(LoginAttempted, { userId: 'ada', result: 'FAILURE', address: '', occurredAt: 0 })
    .tick(0, 60_000)
    .alerts();
  expect(alerts.map(({ key }) => key)).toEqual(['first', 'second']);
  expect(new Set(alerts.map(({ id }) => id)).size).toBe(2);
});
