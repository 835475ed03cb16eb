import type { Command } from 'commander';
import { findingText, type SchemaFinding } from '../../../schemas/schema-finding.ts';
import { EXIT } from '../../terminal/exit.ts';
import { jsonText } from '../../terminal/json-text.ts';
import {
  type SchemasOptions,
  schemasSettings,
  withDirectory,
  withRegistry,
} from '../../terminal/schemas-settings.ts';
import { optionsOf } from '../../terminal/with-app.ts';

interface CheckOptions extends SchemasOptions {
  readonly strict?: boolean;
}

/** Adds `reprise schemas check`: checks the whole history, and compares it with a registry. */
export function addSchemasCheck(schemas: Command): void {
  withDirectory(schemas.command('check'))
    .description(
      'check every version of every schema against earlier ones; one line for each finding, exit code 1 if there is an error',
    )
    .option(
      '--registry [url]',
      'URL of a registry to compare with (default: the one that the configuration names by URL)',
    )
    .option('--no-registry', 'do not compare with a registry')
    .option('--strict', 'fail on warnings too')
    .action(async (_local, command: Command) => {
      const options = optionsOf<CheckOptions>(command);
      const { folder, rules, config } = await schemasSettings(options);
      const { checkAgainstRegistry } = await import('../../../schemas/check-against-registry.ts');
      const { checkRecords } = await import('../../../schemas/check-records.ts');
      const asked = options.registry ?? config?.registry.type === 'confluent';
      const findings = [
        ...checkRecords(folder, rules),
        ...(asked === false
          ? []
          : await withRegistry(options, (registry) =>
              checkAgainstRegistry(folder, registry, rules),
            )),
      ];
      const fails = findings.filter(
        ({ level }) => level === 'error' || (options.strict === true && level === 'warning'),
      );
      for (const finding of findings) {
        console.log(options.json ? jsonText(finding) : findingText(folder.directory, finding));
      }
      const versions = folder.records.reduce((sum, record) => sum + record.versions.length, 0);
      const summary = { records: folder.records.length, versions, mode: rules.mode };
      console.log(
        options.json
          ? jsonText({ event: 'checked', ...summary, ...counts(findings) })
          : `${summary.records} records, ${versions} versions, ${rules.mode}: ${countsText(findings)}.`,
      );
      process.exitCode = fails.length === 0 ? EXIT.done : EXIT.failed;
    });
}

function counts(findings: readonly SchemaFinding[]) {
  const of = (wanted: SchemaFinding['level']) =>
    findings.filter(({ level }) => level === wanted).length;
  return { errors: of('error'), warnings: of('warning') };
}

function countsText(findings: readonly SchemaFinding[]): string {
  const { errors, warnings } = counts(findings);
  const some = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return `${some(errors, 'error')}, ${some(warnings, 'warning')}`;
}
