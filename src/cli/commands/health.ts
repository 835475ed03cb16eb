import { hostname } from 'node:os';
import type { Command } from 'commander';
import { isRepriseError } from '../../reprise-error.ts';
import type { HealthReport } from '../../runner/status/task-status.ts';
import { EXIT } from '../terminal/exit.ts';
import { jsonText } from '../terminal/json-text.ts';
import { type GlobalOptions, optionsOf, withApp } from '../terminal/with-app.ts';

interface HealthOptions extends GlobalOptions {
  readonly live?: boolean;
  readonly here?: boolean;
}

/** Adds `reprise health`, for probes. */
export function addHealth(program: Command): void {
  program
    .command('health')
    .description(
      'exit with 0 when an instance runs, all dependencies are available and no task of an active version has halted, waits or lacks an owner',
    )
    .option('--live', 'liveness only: exit with 1 when Postgres knows that no instance runs')
    .option('--here', 'with --live: count only instances of this host')
    .action(async (_local, command: Command) => {
      const options = optionsOf<HealthOptions>(command);
      await (options.live === true ? tellLiveness(options) : tellHealth(options));
    });
}

/**
 * Prints the liveness. An unavailable database is not a reason to end a process: then liveness is
 * unknown.
 */
async function tellLiveness(options: HealthOptions): Promise<void> {
  const which = options.here === true ? { host: hostname() } : {};
  const isLive = await withApp(options, ({ app }) => app.health.isLive(which)).catch(
    unlessAway(null),
  );
  process.exitCode = isLive === false ? EXIT.failed : EXIT.done;
  if (options.json) return console.log(jsonText({ isLive }));
  if (isLive === null) return console.log('unknown: postgres is unavailable');
  console.log(isLive ? 'well' : 'no instance runs');
}

async function tellHealth(options: HealthOptions): Promise<void> {
  const report = await withApp(options, ({ app }) => app.health.check()).catch((error: unknown) =>
    unlessAway(withoutPostgres(error))(error),
  );
  process.exitCode = exitCodeOf(report);
  if (options.json) return console.log(jsonText(report));
  console.log(report.isReady ? 'well' : report.problems.join('\n'));
}

function exitCodeOf({ isReady, dependencies }: HealthReport): number {
  if (isReady) return EXIT.done;
  const areAvailable = dependencies.every(({ isAvailable }) => isAvailable);
  return areAvailable ? EXIT.failed : EXIT.unavailable;
}

/** Returns the report for an application that could not be composed. */
function withoutPostgres(error: unknown): HealthReport {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    isLive: null,
    isReady: false,
    problems: [`postgres is unavailable: ${reason}`],
    dependencies: [{ name: 'postgres', isAvailable: false, reason }],
  };
}

/**
 * Returns a handler that gives `answer` if Postgres cannot be reached, and throws any other error.
 */
function unlessAway<Answer>(answer: Answer): (error: unknown) => Answer {
  return (error) => {
    if (isRepriseError(error, 'DATABASE_UNAVAILABLE')) return answer;
    throw error;
  };
}
