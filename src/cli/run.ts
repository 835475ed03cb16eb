import type { Command } from 'commander';
import { stopped } from './stop-signal.ts';
import { optionsOf, type Session, withApp } from './with-app.ts';

/** `reprise run`: folds until told to stop. */
export function addRun(program: Command): void {
  program
    .command('run')
    .description('run the projections until SIGINT or SIGTERM')
    .option(
      '--tasks <list>',
      'run only these: login_fraud,user_metrics:0-3 (default: a fair share of all tasks)',
    )
    .action(async (_local, command: Command) => {
      const options = optionsOf<{ tasks?: string }>(command);
      const work = async ({ app, signal }: Session) => {
        await app.setUp();
        if (signal.aborted) return;
        await app.runner.start();
        await Promise.race([stopped(signal), stopped(app.runner.stopRequested)]);
        await app.runner.stop();
      };
      await withApp(options, work, (input) =>
        options.tasks === undefined ? input : { ...input, tasks: options.tasks.split(',') },
      );
    });
}
