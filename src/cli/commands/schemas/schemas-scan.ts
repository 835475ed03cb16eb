import type { Command } from 'commander';
import type {
  ScannedSchema,
  ScanReport,
  UnreadableRecords,
} from '../../../runner/scan/scan-report.ts';
import { EXIT } from '../../terminal/exit.ts';
import { jsonText } from '../../terminal/json-text.ts';
import { progressView } from '../../terminal/progress-view.ts';
import { renderTable } from '../../terminal/render-table.ts';
import { Interrupted } from '../../terminal/stop-on-signals.ts';
import { optionsOf, withApp } from '../../terminal/with-app.ts';

/** Adds `reprise schemas scan`, the check before a rebuild. */
export function addSchemasScan(schemas: Command): void {
  schemas
    .command('scan')
    .description(
      'read the log and report, for each schema, how many records it has, where they are, and whether the projections can read them; exit code 1 if they cannot',
    )
    .option('--projection <name>', 'projection to scan for, with its topics only (default: all)')
    .action(async (_local, command: Command) => {
      const options = optionsOf<{ projection?: string }>(command);
      const { projection } = options;
      const view = progressView(options.json === true);
      const report = await withApp(options, async ({ app, signal }) => {
        try {
          return await app.schemas.scan({
            signal,
            onProgress: (progress) => view.show({ name: 'scan', phase: 'read', ...progress }),
            ...(projection === undefined ? {} : { projection }),
          });
        } catch (error) {
          if (signal.aborted) throw new Interrupted('scan stopped', { cause: error });
          throw error;
        } finally {
          view.end();
        }
      });
      console.log(options.json ? jsonText({ event: 'scanned', ...report }) : scanText(report));
      process.exitCode = report.isReadable ? EXIT.done : EXIT.failed;
    });
}

const HEADER = ['topic', 'schema', 'record', 'partition', 'records', 'first', 'last', 'readable'];

/**
 * Formats the report for a terminal: a line per schema and partition, then what cannot be read and
 * why.
 */
function scanText(report: ScanReport): string {
  const { records, tombstones, schemas, seconds } = report;
  const rows = schemas.flatMap((schema) =>
    schema.partitions.map(({ partition, records: count, firstOffset, lastOffset }) => [
      schema.topic,
      schema.schemaId ?? 'none',
      schema.record ?? '',
      partition,
      count,
      firstOffset,
      lastOffset,
      readableText(schema),
    ]),
  );
  const table = rows.length === 0 ? [] : renderTable(HEADER, rows);
  const faults = schemas.flatMap((schema) =>
    schema.unreadable.map((unreadable) => faultText(schema, unreadable)),
  );
  const read = `${records} records read in ${seconds.toFixed(1)} s${tombstones === 0n ? '' : `, ${tombstones} of them tombstones`}`;
  const result = report.isReadable
    ? 'the projections can read all of them.'
    : 'some cannot be read; a rebuild would fail on them.';
  return [...table, ...faults, `${read}: ${result}`].join('\n');
}

function readableText({ unreadable, isPassedOver }: ScannedSchema): string {
  if (isPassedOver === true) return 'passed over';
  return unreadable.length === 0 ? 'yes' : 'no';
}

function faultText(
  { topic, schemaId }: ScannedSchema,
  { projection, version, records, first, reason, message }: UnreadableRecords,
): string {
  const schema = schemaId === null ? 'without a schema' : `of schema ${schemaId}`;
  const at = `${first.topic}[${first.partition}]@${first.offset}`;
  return `${projection} v${version} cannot read ${records} record(s) ${schema} on ${topic}, first ${at}: ${reason}: ${message}`;
}
