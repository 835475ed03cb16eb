import type { Measurement } from '../contestants/contestant.ts';
import { median } from './median.ts';
import { say } from './say.ts';

/** The figures of one contestant over all rounds. */
export interface Standing {
  /** Median over the rounds. */
  readonly eventsPerSecond: number;
  /** Median over the rounds. */
  readonly seconds: number;
  /** Largest of all rounds. */
  readonly rssMaxBytes: number;
  /** Median over the rounds, for each of them; only those that are known. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
}

/**
 * Lets contestants take turns, `rounds` times each, so that the machine's noise falls on all of
 * them.
 */
export async function playRounds<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<Measurement>>>,
): Promise<Readonly<Record<Name, Standing>>> {
  const entries = Object.entries(contestants) as [Name, () => Promise<Measurement>][];
  const taken = new Map<Name, Measurement[]>(entries.map(([name]) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, run] of entries) {
      const measured = await run();
      taken.get(name)?.push(measured);
      say(`round ${round}: ${name} ${describe(measured)}`);
    }
  }
  return Object.fromEntries(
    [...taken].map(([name, measured]) => [name, standingOf(measured)]),
  ) as Record<Name, Standing>;
}

function standingOf(measured: readonly Measurement[]): Standing {
  return {
    eventsPerSecond: median(measured.map(({ events, seconds }) => events / seconds)),
    seconds: median(measured.map(({ seconds }) => seconds)),
    rssMaxBytes: Math.max(...measured.map((each) => each.rssMaxBytes)),
    cpuSeconds: Object.fromEntries(
      (['own', 'postgres', 'broker'] as const).flatMap((who) => {
        const known = measured.flatMap(({ cpuSeconds }) => cpuSeconds?.[who] ?? []);
        return known.length === 0 ? [] : [[who, median(known)]];
      }),
    ),
  };
}

function describe({ events, seconds, rssMaxBytes, cpuSeconds }: Measurement): string {
  const rate = Math.round(events / seconds).toLocaleString('en-US');
  const cpu = Object.entries<number | undefined>({ ...cpuSeconds })
    .flatMap(([who, used]) => (used === undefined ? [] : `, ${who} ${used.toFixed(2)} CPU s`))
    .join('');
  return `${rate} events/s (${events.toLocaleString('en-US')} in ${seconds.toFixed(2)} s, ${Math.round(rssMaxBytes / 2 ** 20)} MiB${cpu})`;
}
