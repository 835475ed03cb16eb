/**
 * `npm run chaos -- --minutes 10 [--seed N] [--rate 2000] [--json]`: four instances under a live
 * load, while processes are killed and stopped, servers restarted, connections cut, versions
 * rebuilt and switched. At the end ledger = read model = rebuild, or exit code 1.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { Reprise } from '../../src/reprise.ts';
import { randomFrom, seed as seedOfRun } from '../support/fault-run.ts';
import { sql } from '../support/read-model.ts';
import { createChaosApp, mend, PROJECTIONS } from './chaos-app.ts';
import { Load } from './load.ts';
import { compareAlerts, compareReadModels } from './reckoning.ts';
import { Soak } from './soak.ts';
import { World } from './world.ts';

const QUIET_WITHIN_MS = 180_000;

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly rate: number;
  readonly json: boolean;
}

const options = new Command('chaos')
  .option('--minutes <n>', 'how long to disturb', Number, 1)
  .option('--seed <n>', 'draws the same faults again', Number, seedOfRun)
  .option('--rate <n>', 'events per second', Number, 2_000)
  .option('--json', 'print the summary as one line of JSON', false)
  .parse()
  .opts<Options>();

const beganMs = performance.now();
const tell = (what: string): void => {
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  process.stderr.write(`${seconds.padStart(7)} s  ${what}\n`);
};

tell(`seed ${options.seed}`);
mend();
const world = await World.start();
try {
  const summary = await soak(options);
  process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : inWords(summary));
  process.exitCode = summary.problems.length === 0 ? 0 : 1;
} finally {
  await world.close();
}

async function soak({ minutes, seed, rate }: Options) {
  const random = randomFrom(seed);
  const app = await createChaosApp({
    databaseUrl: world.directUrl,
    brokers: world.brokers,
    version: 1,
  });
  await app.setUp();
  const load = new Load(app, randomFrom(seed + 1));
  const chaos = new Soak({ world, load }, random, tell);
  const end = new AbortController();
  chaos.start();
  const publishing = load.run(rate, end.signal);
  const loadBeganMs = performance.now();
  await chaos.run(performance.now() + minutes * 60_000);
  end.abort();
  chaos.calm();
  await publishing;
  const loadSeconds = (performance.now() - loadBeganMs) / 1000;
  tell('load ended; waiting until everything is folded and published');
  const last = await createChaosApp({
    databaseUrl: world.directUrl,
    brokers: world.brokers,
    version: chaos.version,
  });
  try {
    await untilQuiet(last, chaos);
    for (const { program } of world.slots) program.kill('SIGTERM');
    for (const { program } of world.slots) await program.exited;
    tell('reckoning');
    const ledger = await load.audit();
    const alerts = await compareAlerts(last, world.directUrl);
    const models = await compareReadModels(last);
    return {
      seed,
      minutes,
      publishedPerSecond: Math.round(load.published / loadSeconds),
      acknowledged: load.acknowledged,
      uncertain: ledger.uncertain,
      recordsInLog: ledger.records,
      faults: chaos.counts,
      rebuildsKilled: chaos.rebuildsKilled,
      versions: chaos.version,
      alerts: alerts.alerts,
      windows: alerts.windows,
      redriven: chaos.redriven,
      relayRepeats: alerts.repeats,
      problems: [...ledger.problems, ...alerts.problems, ...models].slice(0, 50),
    };
  } finally {
    await last.close();
    await app.close();
  }
}

/** No lag, nothing in the outbox. */
async function untilQuiet(app: Reprise, chaos: Soak): Promise<void> {
  const deadlineMs = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    chaos.calm();
    const statuses = await app.status();
    const active = statuses.filter(
      ({ name, version }) => PROJECTIONS.some((each) => each === name) && version === chaos.version,
    );
    const [row] = await sql<{ left: string }>(
      world.directUrl,
      'select count(*) as left from reprise.outbox where not held',
    );
    const isFolded =
      active.length === PROJECTIONS.length && active.every(({ lagRecords }) => lagRecords === 0n);
    if (isFolded && row?.left === '0' && (await openWindows()) === 0) return;
    if (performance.now() > deadlineMs) {
      const said = world.slots.map(({ program }) => program.output().slice(-2_000)).join('\n---\n');
      const tasks = active.flatMap((each) => each.tasks.map((task) => task.error));
      throw new Error(
        `not quiet in time: ${row?.left} events left, ${JSON.stringify(tasks)}\n${said}`,
      );
    }
    await delay(200);
  }
}

/** Windows that silence has still to close. */
async function openWindows(): Promise<number> {
  const [row] = await sql<{ open: number }>(
    world.directUrl,
    `select count(*)::int as open from reprise.tasks t join reprise.projections p on p.projection = t.projection and p.active_version = t.version
     where t.projection = 'login_windows' and t.watermark_ms < (
       select (floor(max(max_event_time_ms) / 5000) + 1) * 5000 from reprise.checkpoints c
       where c.projection = t.projection and c.version = t.version and c.partition = t.partition)`,
  );
  return row?.open ?? 0;
}

function inWords(summary: Awaited<ReturnType<typeof soak>>): string {
  const faults = Object.entries(summary.faults)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
  const verdict =
    summary.problems.length === 0
      ? 'ledger = read model = rebuild; nothing lost, nothing double, no alert twice'
      : `WRONG:\n  ${summary.problems.join('\n  ')}`;
  return [
    `seed ${summary.seed}, ${summary.minutes} min, ${summary.publishedPerSecond} events/s`,
    `events: ${summary.acknowledged} acknowledged, ${summary.uncertain} uncertain, ${summary.recordsInLog} in the log`,
    `faults: ${faults}; rebuilds killed ${summary.rebuildsKilled}; version ${summary.versions} at the end`,
    `alerts: ${summary.alerts} of matches, ${summary.windows} of windows; ${summary.redriven} letters redriven; published again by the relay: ${summary.relayRepeats}`,
    verdict,
    '',
  ].join('\n');
}
