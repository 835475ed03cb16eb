import type { Command } from 'commander';
import { jsonText } from '../terminal/json-text.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

/** Adds `reprise migrate`: creates or updates the framework's own tables. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description("create or update the framework's own tables")
    .action(async (_local, command: Command) => {
      const options = optionsOf<object>(command);
      const applied = await withApp(options, ({ app }) => app.migrate());
      if (options.json) console.log(jsonText({ applied }));
      else if (applied.length === 0) console.log('Nothing to do: the tables are up to date.');
      else console.log(`Applied ${applied.join(', ')}.`);
    });
}
