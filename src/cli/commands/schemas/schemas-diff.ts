import { type Command, InvalidArgumentError } from 'commander';
import type { SchemaDiff } from '../../../schemas/diff-record.ts';
import { versionText } from '../../../schemas/version-text.ts';
import { jsonText } from '../../terminal/json-text.ts';
import {
  type SchemasOptions,
  schemasSettings,
  withDirectory,
} from '../../terminal/schemas-settings.ts';
import { optionsOf } from '../../terminal/with-app.ts';

/**
 * Adds `reprise schemas diff [NAME] [FROM] [TO]`: explains what changed, and what to do about it.
 */
export function addSchemasDiff(schemas: Command): void {
  withDirectory(schemas.command('diff'))
    .description(
      'show what changed between two versions of a schema, with what makes older events readable: an alias, a default, an upcaster',
    )
    .argument('[name]', 'schema file, without .avsc (default: all files that are not recorded)')
    .argument('[from]', 'older version (default: the previous one)', version)
    .argument(
      '[to]',
      'newer version (default: the file; its newest version if the file is recorded)',
      version,
    )
    .action(async (...given: [string?, number?, number?, unknown?, Command?]) => {
      const [name, from, to, , command] = given;
      const options = optionsOf<SchemasOptions>(command as Command);
      const { folder } = await schemasSettings(options);
      const { diffRecord } = await import('../../../schemas/diff-record.ts');
      const { recordNamed } = await import('../../../schemas/record-current.ts');
      const { isRecorded } = await import('../../../schemas/resolved-schema.ts');
      const records =
        name === undefined
          ? folder.records.filter((one) => one.versions.length > 0 && !isRecorded(folder, one))
          : [recordNamed(folder, name)];
      const [only] = records;
      if (name !== undefined && only?.versions.length === 1 && isRecorded(folder, only)) {
        if (!options.json) console.log(`${name} has one version: there is nothing to compare.`);
        return;
      }
      const diffs = records.map((record) =>
        diffRecord(folder, record, {
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        }),
      );
      for (const diff of diffs) console.log(options.json ? jsonText(diff) : diffText(diff));
      if (diffs.length === 0 && !options.json) console.log('No schema has unrecorded changes.');
    });
}

/** Formats one line per change and, indented below it, what to do. */
function diffText(diff: SchemaDiff): string {
  const { name, from, to, changes, attributes, incompatibilities, warnings } = diff;
  const head = `${versionText(name, from)} → ${to === 'current' ? versionText(name, to) : `version ${to}`}`;
  const changed = changes.flatMap(({ kind, path, message, suggestion }) => [
    `  ${sign(kind)} ${path === '' ? name : path}: ${message}`,
    ...(suggestion === null ? [] : [`      ${suggestion}`]),
  ]);
  const refused = incompatibilities.map(
    ({ type, location, message }) => `  error ${type} at ${location}: ${message}`,
  );
  const wrong = warnings.map(
    ({ type, location, message }) => `  warning ${type} at ${location}: ${message}`,
  );
  const result =
    incompatibilities.length === 0
      ? `  ${versionText(name, to)} reads data written with ${versionText(name, from)}.`
      : `  ${versionText(name, to)} cannot read data written with ${versionText(name, from)}.`;
  const others = attributes.map((each) => `  ~ ${each}`);
  const nothing = changed.length + others.length === 0 ? ['  no change of the data'] : [];
  return [head, ...nothing, ...changed, ...others, ...refused, ...wrong, result].join('\n');
}

function sign(kind: SchemaDiff['changes'][number]['kind']): string {
  if (kind === 'FIELD_ADDED') return '+';
  return kind === 'FIELD_REMOVED' ? '-' : '~';
}

function version(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number of a version, such as 2.');
}
