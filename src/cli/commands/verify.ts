import type { Command } from 'commander';
import type { RowDifference, VerifyReport } from '../../runner/verify/verify-report.ts';
import { EXIT } from '../terminal/exit.ts';
import { jsonText } from '../terminal/json-text.ts';
import { progressView } from '../terminal/progress-view.ts';
import { Interrupted } from '../terminal/stop-on-signals.ts';
import { versionNumber } from '../terminal/version-number.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

interface VerifyCommandOptions {
  readonly against?: number;
  readonly acceptDataLoss?: boolean;
}

/** Limit of records named for each row on a terminal. */
const RECORDS_SHOWN = 5;

/** Adds `reprise verify NAME`: replays a projection and compares it. */
export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('replay a projection into scratch tables and compare every row with the live ones')
    .argument('<name>', 'projection')
    .option(
      '--against <version>',
      'stored version of the same shape to compare with (default: the declared one)',
      versionNumber,
    )
    .option('--accept-data-loss', 'accept a log that no longer starts at offset 0')
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<VerifyCommandOptions>(command);
      const view = progressView(options.json === true);
      const report = await withApp(options, async ({ app, signal }) => {
        try {
          return await app.versions.verify(name, {
            signal,
            onProgress: view.show,
            acceptDataLoss: options.acceptDataLoss === true,
            ...(options.against === undefined ? {} : { against: options.against }),
          });
        } catch (error) {
          if (signal.aborted) throw new Interrupted('verification stopped', { cause: error });
          throw error;
        } finally {
          view.end();
        }
      });
      console.log(options.json ? jsonText({ event: 'verified', ...report }) : verifyText(report));
      process.exitCode = report.differentRows === 0 ? EXIT.done : EXIT.failed;
    });
}

/**
 * Formats the report for a terminal: equal, or the first differences, and the offsets up to which
 * the log was replayed.
 */
export function verifyText(report: VerifyReport): string {
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

function differenceText(difference: RowDifference): string {
  const { table, partition, key, kind, columns } = difference;
  const where = `  ${table} ${JSON.stringify(key)} [${partition}]`;
  const behind = `\n    ${behindText(difference)}`;
  if (kind === 'missing') return `${where} is missing: the replay has it${behind}`;
  if (kind === 'surplus') return `${where} is surplus: the replay does not have it${behind}`;
  const cells = columns.map(
    ({ name, live, replayed }) =>
      `${name} is ${JSON.stringify(live)}, replayed ${JSON.stringify(replayed)}`,
  );
  return `${where} ${cells.join('; ')}${behind}`;
}

/** Formats the records that a row comes from. */
function behindText({ records, ranges }: RowDifference): string {
  if (ranges.length === 0) return 'has no record in the log';
  const named = records.slice(0, RECORDS_SHOWN).map((each) => positionText(each, each.offset));
  const all = ranges.map(
    (each) => `${positionText(each, each.fromOffset)} to @${each.untilOffset - 1n}`,
  );
  const more = records.length > RECORDS_SHOWN ? ' …' : '';
  return `comes from ${named.join(', ')}${more}; all lie in ${all.join(', ')}`;
}

function positionText(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  offset: bigint,
): string {
  return `${topic}[${partition}]@${offset}`;
}
