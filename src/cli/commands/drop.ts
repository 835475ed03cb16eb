import type { Command } from 'commander';
import { jsonText } from '../terminal/json-text.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

/** Adds `reprise drop NAME`: removes a projection that is no longer declared. */
export function addDrop(program: Command): void {
  program
    .command('drop')
    .description(
      'remove a projection that is no longer declared: its views, the tables of all versions and everything stored about it; the log keeps its events',
    )
    .argument('<name>', 'projection, as `reprise status` shows it')
    .option(
      '--force',
      'drop it although the configuration declares it: the next start builds it again',
    )
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<{ force?: boolean }>(command);
      const versions = await withApp(options, ({ app }) =>
        app.versions.drop(name, { force: options.force === true }),
      );
      if (options.json) return console.log(jsonText({ name, versions }));
      const plural = versions.length === 1 ? 'version' : 'versions';
      console.log(`${name} is dropped (${plural} ${versions.join(', ')}).`);
    });
}
