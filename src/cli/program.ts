import { Command } from 'commander';
import { addActivate } from './commands/activate.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addDev } from './commands/dev.ts';
import { addDrop } from './commands/drop.ts';
import { addExplain } from './commands/explain.ts';
import { addForget } from './commands/forget.ts';
import { addHealth } from './commands/health.ts';
import { addLog } from './commands/log.ts';
import { addMigrate } from './commands/migrate.ts';
import { addInstances, addPauseAndResume, addStop } from './commands/pause-and-resume.ts';
import { addQuery } from './commands/query.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addRegistry } from './commands/registry.ts';
import { addRetire, addRollback } from './commands/rollback.ts';
import { addRun } from './commands/run.ts';
import { addSchemas } from './commands/schemas/schemas.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import { EXIT_CODES_HELP } from './terminal/exit.ts';
import { packageVersion } from './terminal/package-version.ts';

/** Creates the command line as a tree of commander commands. Errors are thrown, not printed. */
export function createProgram(): Command {
  const program = new Command('reprise')
    .description('Folds an immutable event log into Postgres read models, exactly once.')
    .version(packageVersion(), '--version', 'print the version of reprise')
    .option(
      '--config <path>',
      'configuration file (default: reprise.config.ts, .mts, .js, .mjs or .cjs)',
    )
    .option('--verbose', 'print stack traces and debug messages')
    .option('--json', 'print results as JSON, with longs and decimals as text')
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addDev(program);
  addRun(program);
  addStatus(program);
  addInstances(program);
  addHealth(program);
  addPauseAndResume(program);
  addStop(program);
  addExplain(program);
  addRebuild(program);
  addActivate(program);
  addRollback(program);
  addRetire(program);
  addDrop(program);
  addVerify(program);
  addDeadLetters(program);
  addLog(program);
  addForget(program);
  addQuery(program);
  addSchemas(program);
  addRegistry(program);
  addMigrate(program);
  return program;
}
