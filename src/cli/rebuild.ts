import type { Command } from 'commander';
import { jsonText } from './json-text.ts';
import { progressPrinter } from './progress.ts';
import { Interrupted } from './stop-signal.ts';
import { type GlobalOptions, optionsOf, withApp } from './with-app.ts';

interface RebuildOptions {
  readonly fromStartOfLog?: boolean;
}

/** `reprise rebuild NAME`: replays the declared version beside the live one. */
export function addRebuild(program: Command): void {
  program
    .command('rebuild')
    .description('replay the declared version of a projection into new tables beside the live ones')
    .argument('<name>', 'projection')
    .option('--from-start-of-log', 'accept a log that no longer starts at offset 0')
    .action(async (name: string, _local, command: Command) => {
      await rebuild(name, optionsOf<RebuildOptions>(command));
    });
}

async function rebuild(name: string, options: RebuildOptions & GlobalOptions): Promise<void> {
  const show = progressPrinter(options.json === true);
  const report = await withApp(options, async ({ app, signal }) => {
    try {
      return await app.rebuild(name, {
        signal,
        onProgress: show,
        fromStartOfLog: options.fromStartOfLog === true,
      });
    } catch (error) {
      if (signal.aborted) throw new Interrupted('rebuild stopped', { cause: error });
      throw error;
    }
  });
  if (options.json) return console.log(jsonText({ event: 'rebuilt', ...report }));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(
    `Rebuilt ${report.name} version ${report.version}: ${report.records} records, ${report.rows} rows, ${report.seconds.toFixed(1)} s. Next: reprise activate ${report.name}`,
  );
}
