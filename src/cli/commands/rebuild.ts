import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Reprise } from '../../reprise.ts';
import type { RebuildReport } from '../../runner/rebuild/rebuild-report.ts';
import { jsonText } from '../terminal/json-text.ts';
import { progressView } from '../terminal/progress-view.ts';
import { Interrupted } from '../terminal/stop-on-signals.ts';
import { type GlobalOptions, optionsOf, type Session, withApp } from '../terminal/with-app.ts';

interface RebuildOptions {
  readonly all?: true;
  readonly projection: readonly string[];
  readonly asOf?: Date;
  readonly acceptDataLoss?: boolean;
  readonly workers?: number;
}

/** Adds `reprise rebuild NAME`: replays the declared version beside the live one. */
export function addRebuild(program: Command): void {
  program
    .command('rebuild')
    .description(
      'replay the declared version of a projection into new tables beside the live ones; resumes a rebuild that was stopped or killed',
    )
    .argument('[name]', 'projection')
    .addOption(
      new Option('--projection <name>', 'another projection (may be repeated)')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--all', 'rebuild every projection whose declared version is not built yet')
    .addOption(
      new Option(
        '--as-of <time>',
        'replay only records before this time (ISO 8601); the version is then frozen, for inspection only',
      ).argParser(time),
    )
    .option('--accept-data-loss', 'accept a log that no longer starts at offset 0')
    .addOption(
      new Option(
        '--workers <number>',
        'number of threads that share the partitions (default: rebuildWorkers of the configuration; else one per core, and 1 for a short log)',
      ).argParser(workers),
    )
    .action(async (name: string | undefined, _local, command: Command) => {
      const options = optionsOf<RebuildOptions>(command);
      const names = [...(name === undefined ? [] : [name]), ...options.projection];
      if ((names.length === 0) !== (options.all === true)) {
        throw new InvalidArgumentError('Name projections, or give --all, not both.');
      }
      await withApp(options, async (session) => {
        const wanted = options.all ? await unbuilt(session.app) : names;
        if (wanted.length === 0) return console.log(nothingText(session.app, options));
        for (const each of await rebuild(session, wanted, options)) report(each, options);
      });
    });
}

async function rebuild(
  { app, configFile, signal }: Session,
  names: readonly string[],
  options: RebuildOptions & GlobalOptions,
): Promise<readonly RebuildReport[]> {
  const view = progressView(options.json === true);
  const { asOf, workers: count } = options;
  try {
    return await app.versions.rebuild(names, {
      signal,
      onProgress: view.show,
      acceptDataLoss: options.acceptDataLoss === true,
      ...(asOf && { asOf }),
      workers: { configFile, ...(count && { count }) },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(
      `rebuild of ${names.join(', ')} stopped; what it has replayed is kept. Resume with the same command, or give it up with: reprise retire NAME VERSION`,
      { cause: error },
    );
  } finally {
    view.end();
  }
}

function report(done: RebuildReport, options: RebuildOptions & GlobalOptions): void {
  if (options.json) return console.log(jsonText({ event: 'rebuilt', ...done }));
  const { name, version, records, rows, seconds } = done;
  const next =
    options.asOf === undefined
      ? `Next: reprise activate ${name}`
      : `Its table: ${name}__v${version}. When done: reprise retire ${name} ${version}`;
  console.log(
    `Rebuilt ${name} version ${version}: ${records} records, ${rows} rows, ${seconds.toFixed(1)} s. ${next}`,
  );
}

async function unbuilt(app: Reprise): Promise<readonly string[]> {
  const known = await app.status();
  return app.plans.flatMap(({ name, version }) => {
    const stored = known.find((each) => each.name === name && each.version === version);
    return stored === undefined || stored.state === 'building' ? [name] : [];
  });
}

function nothingText({ plans }: Reprise, { json }: GlobalOptions): string {
  if (json) return jsonText({ event: 'nothing to rebuild' });
  return plans.length === 0
    ? 'Nothing to rebuild: the configuration declares no projection.'
    : 'Nothing to rebuild: every declared version is built. To replay one again, raise its version.';
}

function collect(name: string, names: readonly string[]): readonly string[] {
  return [...names, name];
}

function workers(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new InvalidArgumentError('Give a whole number, at least 1.');
  }
  return count;
}

function time(text: string): Date {
  const given = new Date(text);
  if (Number.isNaN(given.getTime())) {
    throw new InvalidArgumentError('Write it as ISO 8601, such as 2026-01-31T12:00:00Z.');
  }
  return given;
}
