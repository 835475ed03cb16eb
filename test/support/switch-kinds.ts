import { FraudSuspected, LoginAttempted } from '../../schemas/index.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import { count, first } from '../../src/projection/declare/aggregates.ts';
import { begin } from '../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import type { Projection } from '../../src/projection/plan/projection.ts';

/** Ways for an alert to come about. */
export const ALERT_KINDS = ['windows', 'sessions', 'pattern', 'absence'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** What a version of a projection is made from. */
export interface AlertVersion {
  readonly kind: AlertKind;
  readonly name: string;
  readonly topic: string;
  readonly version: number;
  readonly lateness: string;
  /** Whether the version fails on an event at present. */
  readonly fails: (event: LoginAttempted) => boolean;
}

/** A projection of log-ins that publishes `FraudSuspected`. */
export function alertProjection(of: AlertVersion): Projection {
  const event: EventDefinition<LoginAttempted> = { ...LoginAttempted, topic: of.topic };
  const accepts = (attempt: LoginAttempted) => {
    if (of.fails(attempt)) throw new Error('out of luck');
    return true;
  };
  switch (of.kind) {
    case 'windows':
      return windows(of, event, accepts);
    case 'sessions':
      return sessions(of, event, accepts);
    default:
      return matches(of, event, accepts);
  }
}

type Accepts = (attempt: LoginAttempted) => boolean;
type Attempts = EventDefinition<LoginAttempted>;

function windows({ name, version, lateness }: AlertVersion, event: Attempts, accepts: Accepts) {
  class Windows extends WindowedProjection {
    readonly name = name;
    readonly version = version;
    define() {
      return this.from(event)
        .key('userId')
        .where(accepts)
        .window(tumbling('10 seconds'), { lateness: lateness as '5 seconds', emit: 'onClose' })
        .measure({ attempts: count() })
        .onClose(FraudSuspected, (row) => ({
          userId: row.user_id,
          firstFailureAt: row.window_start,
          at: row.window_end,
        }));
    }
  }
  return new Windows();
}

function sessions({ name, version, lateness }: AlertVersion, event: Attempts, accepts: Accepts) {
  class Sessions extends SessionProjection {
    readonly name = name;
    readonly version = version;
    define() {
      return this.from(event)
        .key('userId')
        .where(accepts)
        .session({ gap: '5 seconds', lateness: lateness as '5 seconds' })
        .measure({ attempts: count(), begins: first('occurredAt') })
        .onClose(FraudSuspected, (row) => ({
          userId: row.user_id,
          firstFailureAt: row.started_at,
          at: row.ended_at,
        }));
    }
  }
  return new Sessions();
}

function matches(
  { name, version, lateness, kind }: AlertVersion,
  event: Attempts,
  accepts: Accepts,
) {
  class Matches extends PatternProjection {
    readonly name = name;
    readonly version = version;
    define() {
      const keyed = this.from(event).key('userId').where(accepts);
      const failed = { where: { result: 'FAILURE' } } as const;
      const options = { lateness: lateness as '5 seconds' };
      if (kind === 'pattern') {
        return keyed
          .pattern(begin('one', failed).followedBy('two', failed).within('20 seconds'), options)
          .row((m) => ({ firstAt: m.one.occurredAt }))
          .alert(FraudSuspected, (m) => ({
            userId: m.one.userId,
            firstFailureAt: m.one.occurredAt,
            at: m.two.occurredAt,
          }));
      }
      return keyed
        .pattern(
          begin('one', failed)
            .notFollowedBy('success', { where: { result: 'SUCCESS' } })
            .within('10 seconds'),
          options,
        )
        .row((m) => ({ firstAt: m.one.occurredAt }))
        .alert(FraudSuspected, (m) => ({
          userId: m.one.userId,
          firstFailureAt: m.one.occurredAt,
          at: m.one.occurredAt,
        }));
    }
  }
  return new Matches();
}
