import { Command } from 'commander';
import { addActivate } from './activate.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addDev } from './dev.ts';
import { addDrop } from './drop.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { addExplain } from './explain.ts';
import { addForget } from './forget.ts';
import { addHealth } from './health.ts';
import { addInstances, addPauseAndResume, addStop } from './lifecycle.ts';
import { addLog } from './log-copy.ts';
import { addMigrate } from './migrate.ts';
import { addQuery } from './query.ts';
import { addRebuild } from './rebuild.ts';
import { addRegistry } from './registry-serve.ts';
import { addRetire, addRollback } from './rollback.ts';
import { addRun } from './run.ts';
import { addSchemas } from './schemas.ts';
import { addStatus } from './status.ts';
import { addVerify } from './verify.ts';

/** The command line as commander's tree. Errors are thrown, never printed here. */
export function createProgram(): Command {
  const program = new Command('reprise')
    .description('Folds an immutable event log into Postgres read models, exactly once.')
    .option('--config <path>', 'configuration file (default: reprise.config.ts, .js or .mjs)')
    .option('--verbose', 'print stack traces and debug messages')
    .option('--json', 'print results as JSON; longs and decimals are text in it')
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
