import { describe, expect, test } from 'vitest';
import { UserActed } from '../../../schemas/index.ts';
import { count } from '../../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import { scenario } from '../../../src/testing/scenario.ts';
import { everyKind } from '../../support/every-kind.ts';

const refuses = (): boolean => {
  throw new Error('out of luck');
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
  test.each(projections.map((projection) => [projection.name, projection] as const))(
    '%s',
    (_name, projection) => {
      const s = scenario(projection, { partitions: 1 });
      const eventId = '00000000-0000-4000-8000-000000000001';
      const occurredAt = new Date(Date.UTC(2026, 0, 1));
      s.publish(UserActed, { eventId, userId: 'ada', action: 'CLICK', value: 1, occurredAt });
      expect(s.deadLetters()).toMatchObject([
        {
          reason: 'HANDLER_FAILED',
          message: expect.stringMatching(
            /(^user-actions\[0\]@0: where|handler of).*out of luck\.$/,
          ),
        },
      ]);
    },
  );
});
