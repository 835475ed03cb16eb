import type { Command } from 'commander';
import { EXIT } from './exit-codes.ts';
import { jsonText } from './json-text.ts';
import { optionsOf, withApp } from './with-app.ts';

/** `reprise health`: for probes. */
export function addHealth(program: Command): void {
  program
    .command('health')
    .description(
      'exit with 0 when an instance runs and no task of an active version has halted, waits or lacks an owner',
    )
    .option('--live', 'only ask whether an instance runs')
    .action(async (_local, command: Command) => {
      const options = optionsOf<{ live?: boolean }>(command);
      const report = await withApp(options, ({ app }) => app.health());
      const isWell = options.live === true ? report.isLive : report.isReady;
      process.exitCode = isWell ? EXIT.done : EXIT.failed;
      if (options.json) return console.log(jsonText(report));
      console.log(isWell ? 'well' : report.problems.join('\n'));
    });
}
