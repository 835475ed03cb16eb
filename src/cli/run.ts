import type { Command } from 'commander';
import { stopped } from './stop-signal.ts';
import { optionsOf, type Session, withApp } from './with-app.ts';

/** `reprise run`: folds until told to stop. */
export function addRun(program: Command): void {
  program
    .command('run')
    .description('run the projections until SIGINT or SIGTERM')
    .action(async (_local, command: Command) => {
      const work = async ({ app, signal }: Session) => {
        await app.setUp();
        if (signal.aborted) return;
        await app.runner.start();
        await stopped(signal);
        await app.runner.stop();
      };
      await withApp(optionsOf<object>(command), work, (input) => input);
    });
}
