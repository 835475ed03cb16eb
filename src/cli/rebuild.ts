import type { Command } from 'commander';
import type { RebuildProgress } from '../reprise.ts';
import { jsonText } from './json-text.ts';
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

const LINE_EVERY_MS = 2_000;

/** On a terminal one line that rewrites itself; elsewhere a line, or a JSON event, every two seconds and at each new phase. */
function progressPrinter(json: boolean): (progress: RebuildProgress) => void {
  let shownAtMs = 0;
  let phase = '';
  return (progress) => {
    if (!json && process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${progressText(progress)}`);
      return;
    }
    const nowMs = Date.now();
    if (progress.phase === phase && nowMs - shownAtMs < LINE_EVERY_MS) return;
    shownAtMs = nowMs;
    phase = progress.phase;
    if (json) console.log(jsonText({ event: 'progress', ...progress }));
    else process.stderr.write(`${progressText(progress)}\n`);
  };
}

/** One line: phase, share, rate and time left. */
export function progressText(progress: RebuildProgress): string {
  const { name, version, phase, records, totalRecords, recordsPerSecond, etaSeconds } = progress;
  const share = totalRecords === 0 ? 100 : Math.floor((records / totalRecords) * 100);
  const eta = etaSeconds === null ? '' : `, ${Math.ceil(etaSeconds)} s left`;
  return `${name} v${version} ${phase} ${share}% (${records} of ${totalRecords} records, ${Math.round(recordsPerSecond)}/s${eta})`;
}
