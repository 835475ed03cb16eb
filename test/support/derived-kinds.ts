import {
  begin,
  count,
  first,
  PatternProjection,
  SessionProjection,
  sum,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import type { Projection } from '../../src/projection/plan/projection.ts';
import type { StageEvents, Visit } from './stage-events.ts';

/**
 * Ways for the first stage to publish. `starts`: windows whose events lie at their beginning,
 * before the time of their records.
 */
export const FIRST_KINDS = ['windows', 'starts', 'sessions', 'pattern', 'absence'] as const;
export type FirstKind = (typeof FIRST_KINDS)[number];

/** What folds the published events again. */
export const SECOND_KINDS = ['windows', 'sessions', 'pattern'] as const;
export type SecondKind = (typeof SECOND_KINDS)[number];

/** How late events may be, in each stage. */
export type Lateness = '0 seconds' | '2 seconds';

/** What the two stages of a schedule are made from. */
export interface Stages {
  readonly first: FirstKind;
  readonly second: SecondKind;
  /** Of the first stage, and of the second. */
  readonly lateness: readonly [Lateness, Lateness];
}

/** The first stage: publishes `seconds`. */
export function firstStage(name: string, stages: Stages, events: StageEvents): Projection {
  const { first: kind, lateness } = stages;
  const parts = { name, lateness: lateness[0], events };
  if (kind === 'windows' || kind === 'starts') return windowsOf({ ...parts, kind });
  return kind === 'sessions' ? sessionsOf(parts) : matchesOf({ ...parts, kind });
}

interface FirstParts {
  readonly name: string;
  readonly lateness: Lateness;
  readonly events: StageEvents;
}

function windowsOf(parts: FirstParts & { readonly kind: 'windows' | 'starts' }): Projection {
  const { name, lateness, kind } = parts;
  const { visits, seconds } = parts.events;
  class FirstWindows extends WindowedProjection {
    readonly name = name;
    readonly version = 1;
    define() {
      return this.from(visits)
        .key('visitor')
        .window(tumbling('1 second'), { lateness, late: 'reject' })
        .measure({ visits: count(), team: first('team') })
        .onClose(seconds, (row) => ({
          team: String(row.team),
          visitor: row.visitor,
          visits: Number(row.visits),
          at: kind === 'windows' ? row.window_end : row.window_start,
        }));
    }
  }
  return new FirstWindows();
}

function sessionsOf({ name, lateness, events: { visits, seconds } }: FirstParts): Projection {
  class FirstSessions extends SessionProjection {
    readonly name = name;
    readonly version = 1;
    define() {
      return this.from(visits)
        .key('visitor')
        .session({ gap: '3 seconds', lateness, late: 'reject' })
        .measure({ visits: count(), team: first('team') })
        .onClose(seconds, (row) => ({
          team: String(row.team),
          visitor: row.visitor,
          visits: Number(row.visits),
          at: row.ended_at,
        }));
    }
  }
  return new FirstSessions();
}

function matchesOf(parts: FirstParts & { readonly kind: 'pattern' | 'absence' }): Projection {
  const { name, lateness, kind } = parts;
  const { visits, seconds } = parts.events;
  const made = (visit: Visit) => ({ team: visit.team, visitor: visit.visitor, visits: 2 });
  class FirstMatches extends PatternProjection {
    readonly name = name;
    readonly version = 1;
    define() {
      const keyed = this.from(visits).key('visitor');
      if (kind === 'absence') {
        return keyed
          .pattern(begin('one').notFollowedBy('two').within('4 seconds'), { lateness })
          .row((m) => ({ at: m.one.at }))
          .alert(seconds, ({ one }) => ({ ...made(one), at: one.at }));
      }
      return keyed
        .pattern(begin('one').followedBy('two').within('6 seconds'), { lateness })
        .row((m) => ({ at: m.two.at }))
        .alert(seconds, ({ two }) => ({ ...made(two), at: two.at }));
    }
  }
  return new FirstMatches();
}

/** The second stage: folds `seconds` by team, and rejects what is late. */
export function secondStage(
  name: string,
  stages: Stages,
  of: { readonly version: number; readonly events: StageEvents },
): Projection {
  const { version } = of;
  const { seconds } = of.events;
  const [, lateness] = stages.lateness;
  class SecondWindows extends WindowedProjection {
    readonly name = name;
    readonly version = version;
    define() {
      return this.from(seconds)
        .key('team')
        .window(tumbling('5 seconds'), { lateness, late: 'reject', emit: 'onClose' })
        .measure({ seconds: count(), visits: sum('visits') });
    }
  }
  class SecondSessions extends SessionProjection {
    readonly name = name;
    readonly version = version;
    define() {
      return this.from(seconds)
        .key('team')
        .session({ gap: '3 seconds', lateness, late: 'reject' })
        .measure({ seconds: count(), visits: sum('visits') });
    }
  }
  class SecondMatches extends PatternProjection {
    readonly name = name;
    readonly version = version;
    define() {
      return this.from(seconds)
        .key('team')
        .pattern(begin('one').next('other').within('8 seconds'), { lateness })
        .row((m) => ({ firstAt: m.one.at, lastAt: m.other.at }));
    }
  }
  switch (stages.second) {
    case 'windows':
      return new SecondWindows();
    case 'sessions':
      return new SecondSessions();
    case 'pattern':
      return new SecondMatches();
  }
}

/** The columns of a second stage's rows that do not depend on where records lie. */
export const SECOND_COLUMNS: Readonly<Record<SecondKind, readonly string[]>> = {
  windows: ['team', 'window_start', 'seconds', 'visits'],
  sessions: ['team', 'started_at', 'ended_at', 'seconds', 'visits'],
  pattern: ['team', 'first_at', 'last_at'],
};

/** A visit: of whom, and how far behind the clock. */
export interface Attempt {
  readonly visitor: number;
  readonly behindMs: number;
}

/** Which of the two projections. */
export type StageName = 'first' | 'second';
