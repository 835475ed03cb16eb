import {
  begin,
  count,
  createReprise,
  first,
  PatternProjection,
  type Reprise,
  type RepriseConfig,
  SessionProjection,
  sum,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import { hasPublished } from '../../src/log/published-headers.ts';
import { headersAt } from '../../src/log/record-at.ts';
import type { Second, Visit } from './stage-events.ts';
import { stageEvents } from './stage-events.ts';

/**
 * Two stages: seconds of visitors are published under another key, the team, and folded again: by
 * windows, sessions and a pattern, none of which allows any disorder.
 * @param name makes the topics the test's own
 */
export function twoStages(name: string) {
  const { visits, seconds } = stageEvents(name);

  class Seconds extends WindowedProjection {
    readonly name: string = 'seconds';
    readonly version: number = 1;
    define() {
      return this.from(visits)
        .key('visitor')
        .window(tumbling('1 second'), { lateness: '0 seconds', idle: '1 second' })
        .measure({ visits: count(), team: first('team') })
        .onClose(seconds, (row) => ({
          team: String(row.team),
          visitor: row.visitor,
          visits: Number(row.visits),
          at: row.window_end,
        }));
    }
  }

  class TeamMinutes extends WindowedProjection {
    readonly name: string = 'team_minutes';
    readonly version: number = 1;
    define() {
      return this.from(seconds)
        .key('team')
        .window(tumbling('1 minute'), { late: 'reject', idle: '1 second' })
        .measure({ seconds: count(), visits: sum('visits') });
    }
  }

  class TeamSittings extends SessionProjection {
    readonly name: string = 'team_sittings';
    readonly version: number = 1;
    define() {
      return this.from(seconds)
        .key('team')
        .session({ gap: '5 seconds', late: 'reject', idle: '1 second' })
        .measure({ seconds: count(), visits: sum('visits') });
    }
  }

  class TeamRuns extends PatternProjection {
    readonly name: string = 'team_runs';
    readonly version: number = 1;
    define() {
      return this.from(seconds)
        .key('team')
        .pattern(
          begin('one', { where: { visits: { gt: 1 } } })
            .next('other', { where: { visits: { gt: 1 } } })
            .within('10 seconds'),
          { idle: '1 second' },
        )
        .row((m) => ({ firstAt: m.one.at, lastAt: m.other.at }));
    }
  }

  const second = [TeamMinutes, TeamSittings, TeamRuns] as const;
  return { visits, seconds, Seconds, second, TeamMinutes, TeamSittings, TeamRuns };
}

export type TwoStages = ReturnType<typeof twoStages>;

/** An application of some of the stages on a database and log of the test's own. */
export function openStages(
  stages: TwoStages,
  options: {
    readonly databaseUrl: string;
    readonly brokers?: readonly string[];
    readonly projections?: RepriseConfig['projections'];
  },
): Promise<Reprise> {
  const { databaseUrl, brokers, projections = [stages.Seconds, ...stages.second] } = options;
  return createReprise({
    projections: [...projections],
    events: [stages.visits, stages.seconds],
    database: { type: 'url', url: databaseUrl },
    log: brokers === undefined ? { type: 'postgres' } : { type: 'kafka', brokers: [...brokers] },
    registry: { type: 'postgres' },
    topicPartitions: 4,
    logLevel: 'silent',
  });
}

/** `count` visits of 40 visitors in 8 teams, in the order of time, several a second. */
export function visitsOf(count: number, random: () => number): Visit[] {
  const startMs = Date.UTC(2026, 0, 1);
  let atMs = startMs;
  return Array.from({ length: count }, () => {
    atMs += Math.floor(random() * 400);
    const visitor = Math.floor(random() * 40);
    return { visitor: `v${visitor}`, team: `t${visitor % 8}`, at: new Date(atMs) };
  });
}

/** A published second as it lies in the log. */
export interface FoundSecond extends Second {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly hasHeaders: boolean;
}

/** Everything on the topic of seconds, repetitions included, by partition and offset. */
export async function readSeconds(app: Reprise, { seconds }: TwoStages): Promise<FoundSecond[]> {
  const found: FoundSecond[] = [];
  const described = (await app.log.describe([seconds.topic])).get(seconds.topic);
  const positions = (described?.partitions ?? []).flatMap(({ partition, stableEndOffset }) =>
    stableEndOffset > 0n
      ? [{ topic: seconds.topic, partition, offset: 0n, untilOffset: stableEndOffset }]
      : [],
  );
  if (positions.length === 0) return found;
  for await (const batch of app.log.read(positions)) {
    for (let i = 0; i < batch.count; i += 1) {
      const value = batch.bytes.toString('utf8', batch.valueStart[i], batch.valueEnd[i]);
      const parsed = JSON.parse(value) as Omit<Second, 'at'> & { readonly at: string };
      const headers = headersAt(batch, i);
      const id = headers.find(({ key }) => key === 'reprise-id')?.value?.toString() ?? '';
      found.push({
        ...parsed,
        at: new Date(parsed.at),
        id,
        partition: batch.partition,
        offset: batch.offsets[i] as number,
        hasHeaders: hasPublished(batch),
      });
    }
  }
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
