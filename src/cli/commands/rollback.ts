import type { Command } from 'commander';
import { jsonText } from '../terminal/json-text.ts';
import { versionNumber } from '../terminal/version-number.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

/** Adds `reprise rollback NAME`: returns to the version that was active before. */
export function addRollback(program: Command): void {
  program
    .command('rollback')
    .description('switch the view back to the version that was active before, in one transaction')
    .argument('<name>', 'projection')
    .option('--force', 'switch although no instance runs the previous version')
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<{ force?: boolean }>(command);
      const report = await withApp(options, ({ app }) =>
        app.versions.rollback(name, { requireRunner: options.force !== true }),
      );
      if (options.json) return console.log(jsonText(report));
      console.log(
        `${report.name} is version ${report.version} again (before: version ${report.previousVersion}).`,
      );
    });
}

/** Adds `reprise retire NAME VERSION`: drops a version that is not active. */
export function addRetire(program: Command): void {
  program
    .command('retire')
    .description('drop a version that is not active, or give up one that is being built')
    .argument('<name>', 'projection')
    .argument('<version>', 'version to drop, as `reprise status` shows it', versionNumber)
    .action(async (name: string, version: number, _local, command: Command) => {
      const options = optionsOf<object>(command);
      await withApp(options, ({ app }) => app.versions.retire(name, version));
      if (options.json) return console.log(jsonText({ name, version }));
      console.log(`${name} version ${version} is dropped.`);
    });
}
