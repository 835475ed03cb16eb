import type { Command } from 'commander';
import { jsonText } from '../terminal/json-text.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

/** Adds `reprise activate NAME`: puts the declared version behind the stable view. */
export function addActivate(program: Command): void {
  program
    .command('activate')
    .description('switch the view of a projection to its declared version, in one transaction')
    .argument('<name>', 'projection')
    .option('--force', 'switch although no instance runs the declared version')
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<{ force?: boolean }>(command);
      const report = await withApp(options, ({ app }) =>
        app.versions.activate(name, { requireRunner: options.force !== true }),
      );
      if (options.json) return console.log(jsonText(report));
      if (report.previousVersion === report.version) {
        return console.log(`${name} is already version ${report.version}: nothing was changed.`);
      }
      const before =
        report.previousVersion === null ? '' : ` (before: version ${report.previousVersion})`;
      console.log(`${report.name} is now version ${report.version}${before}.`);
    });
}
