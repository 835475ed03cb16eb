import { begin, PatternProjection } from 'reprise';
import { scenario } from 'reprise/testing';
import { expect, test } from 'vitest';
import { LoginAttempted } from '../../../../schemas/index.ts';

const MINUTE_MS = 60_000;
const startMs = Date.UTC(2026, 0, 1);

function crowded(lateness: '0 seconds' | '1 minute') {
  return new (class Crowded extends PatternProjection {
    readonly name = 'crowded';
    readonly version = 1;
    define() {
      return this.from(LoginAttempted)
        .key('userId')
        .pattern(begin('first').followedByAny('second').followedByAny('third'), {
          maxRunsPerKey: 8,
          lateness,
        });
    }
  })();
}

test.each(['0 seconds', '1 minute'] as const)(
  'a key with more partial matches than it may have is quarantined, others go on (lateness %s)',
  (lateness) => {
    const s = scenario(crowded(lateness));
    const attempt = (userId: string, minute: number) =>
      s.publish(LoginAttempted, {
        userId,
        result: 'FAILURE',
        address: '192.0.2.1',
        occurredAt: startMs + minute * MINUTE_MS,
      });
    for (let minute = 0; minute < 8; minute += 1) attempt('ada', minute);
    for (let minute = 8; minute < 11; minute += 1) attempt('grace', minute);
    s.tick(0, 10 * MINUTE_MS);
    const letters = s.deadLetters();
    expect(letters.length).toBeGreaterThan(0);
    for (const { reason, message } of letters) {
      expect(reason).toBe('PATTERN_RUNS_EXCEEDED');
      expect(message).toMatch(/crowded, key ada: .*8/);
    }
    expect(s.rows().filter(({ user_id }) => user_id === 'grace')).toHaveLength(1);
  },
);
