import type { Command } from 'commander';
import type { RowDifference, VerifyReport } from '../reprise.ts';
import { EXIT } from './exit-codes.ts';
import { jsonText } from './json-text.ts';
import { progressView } from './progress.ts';
import { Interrupted } from './stop-signal.ts';
import { optionsOf, withApp } from './with-app.ts';

interface VerifyCommandOptions {
  readonly against?: string;
  readonly fromStartOfLog?: boolean;
}

/** `reprise verify NAME`: replays a projection and compares. */
export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('replay a projection into scratch tables and compare every row with the live ones')
    .argument('<name>', 'projection')
    .option('--against <version>', 'a stored version of the same shape (default: the declared one)')
    .option('--from-start-of-log', 'accept a log that no longer starts at offset 0')
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<VerifyCommandOptions>(command);
      const view = progressView(options.json === true);
      const report = await withApp(options, async ({ app, signal }) => {
        try {
          return await app.verify(name, {
            signal,
            onProgress: view.show,
            fromStartOfLog: options.fromStartOfLog === true,
            ...(options.against === undefined ? {} : { against: Number(options.against) }),
          });
        } catch (error) {
          if (signal.aborted) throw new Interrupted('verification stopped', { cause: error });
          throw error;
        } finally {
          view.end();
        }
      });
      console.log(options.json ? jsonText({ event: 'verified', ...report }) : reportText(report));
      process.exitCode = report.differentRows === 0 ? EXIT.done : EXIT.failed;
    });
}

/** The report for people: equal, or the first differences and up to where the log was replayed. */
function reportText(report: VerifyReport): string {
  const { name, version, records, rows, differentRows, differences, offsets } = report;
  const what = `${name} v${version}: ${records} records replayed, ${rows} rows compared`;
  if (differentRows === 0) return `${what}: equal to the byte.`;
  const at = offsets
    .map((each) => `${each.topic}[${each.partition}]@${each.nextOffset}`)
    .join(', ');
  const more = differentRows - differences.length;
  return [
    `${what}: ${differentRows} differ.`,
    ...differences.map(differenceText),
    ...(more > 0 ? [`  and ${more} more`] : []),
    `Replayed up to ${at}.`,
  ].join('\n');
}

function differenceText({ table, partition, key, kind, columns }: RowDifference): string {
  const where = `  ${table} ${JSON.stringify(key)} [${partition}]`;
  if (kind === 'missing') return `${where} is missing: the replay has it`;
  if (kind === 'surplus') return `${where} is surplus: the replay does not have it`;
  const cells = columns.map(
    ({ name, live, replayed }) =>
      `${name} is ${JSON.stringify(live)}, replayed ${JSON.stringify(replayed)}`,
  );
  return `${where} ${cells.join('; ')}`;
}
