import type { Command } from 'commander';
import { jsonText } from '../terminal/json-text.ts';
import { statusText } from '../terminal/status-text.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

/** Adds `reprise status`: what every version and task is doing, whichever process runs it. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show what each version of a projection and each of its tasks is doing')
    .option('--exact', 'count every row instead of estimating those of large tables')
    .action(async (_local, command: Command) => {
      const options = optionsOf<{ exact?: boolean }>(command);
      const exact = options.exact === true;
      const [projections, dependencies] = await withApp(options, ({ app }) =>
        Promise.all([app.status({ exact }), app.health.dependencies()]),
      );
      console.log(
        options.json
          ? jsonText({ projections, dependencies })
          : statusText(projections, dependencies),
      );
    });
}
