import { describe, expect, test } from 'vitest';
import { UserActed } from '../../../schemas/index.ts';
import { count } from '../../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import { RepriseError } from '../../../src/reprise-error.ts';
import { scenario } from '../../../src/testing/scenario.ts';
import { everyKind } from '../../support/every-kind.ts';

/** Errors of a user's function: of the language, and of reprise itself. */
const errors = [
  new Error('out of luck'),
  new RepriseError('CONFIG_INVALID', 'an amount is out of luck'),
] as const;
let thrown: Error = errors[0];
const refuses = (): boolean => {
  throw thrown;
};

class Counted extends WindowedProjection {
  readonly name = 'measure';
  readonly version = 1;
  define() {
    return this.from(UserActed)
      .key('userId')
      .window(tumbling('1 minute'), { lateness: '10 seconds' })
      .measure({ purchases: count({ where: refuses }) });
  }
}

describe('a filter that throws makes its record a dead letter with code and place', () => {
  const projections = [...everyKind(UserActed, refuses), Counted].map((Class) => new Class());
  const cases = projections.flatMap((projection) =>
    errors.map((error) => [projection.name, error.name, projection, error] as const),
  );
  test.each(cases)('%s, %s', (_name, _error, projection, error) => {
    thrown = error;
    const s = scenario(projection, { partitions: 1 });
    const eventId = '00000000-0000-4000-8000-000000000001';
    const occurredAt = new Date(Date.UTC(2026, 0, 1));
    s.publish(UserActed, { eventId, userId: 'ada', action: 'CLICK', value: 1, occurredAt });
    expect(s.deadLetters()).toMatchObject([
      {
        reason: 'HANDLER_FAILED',
        message: expect.stringMatching(/(^user-actions\[0\]@0: where|handler of).*out of luck\.$/),
      },
    ]);
  });
});
