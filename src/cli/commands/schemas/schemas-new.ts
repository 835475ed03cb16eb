import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { NewlyRecorded } from '../../../schemas/record-current.ts';
import { findingText } from '../../../schemas/schema-finding.ts';
import { jsonText } from '../../terminal/json-text.ts';
import {
  type SchemasOptions,
  type SchemasSettings,
  schemasSettings,
  withDirectory,
} from '../../terminal/schemas-settings.ts';
import { optionsOf } from '../../terminal/with-app.ts';

interface NewOptions extends SchemasOptions {
  readonly topic?: string;
  readonly namespace?: string;
  readonly upcaster?: boolean;
}

/** Adds `reprise schemas new [NAME]`: drafts a record, or its next version. */
export function addSchemasNew(schemas: Command): void {
  withDirectory(schemas.command('new'))
    .description(
      'record a schema file as its next version (default: all changed files); create the file if it does not exist',
    )
    .argument('[name]', 'schema file, without .avsc, such as order-placed')
    .option('--topic <topic>', 'topic of the events of a new file')
    .option('--namespace <namespace>', 'namespace of the record in a new file')
    .option('--upcaster', 'accept an incompatible version, to be read through an upcaster')
    .action(async (name: string | undefined, _local, command: Command) => {
      const options = optionsOf<NewOptions>(command);
      const settings = await schemasSettings(options);
      const known = settings.folder.records.some((record) => record.name === name);
      if (name !== undefined && !known) return begin(settings, name, options);
      await recordAll(settings, name, options);
    });
}

async function begin(
  { folder }: SchemasSettings,
  name: string,
  { topic, namespace, json }: NewOptions,
): Promise<void> {
  if (!/^[a-z0-9][a-zA-Z0-9._-]*$/.test(name)) {
    throw new InvalidArgumentError(
      `${name} is not a name for a schema file. Use lower-case letters and hyphens, such as order-placed.`,
    );
  }
  if (topic === undefined) {
    throw new InvalidArgumentError(
      `There is no ${name}.avsc in ${folder.directory}. To create it, give its topic with --topic; or correct the name.`,
    );
  }
  const { writeNewSchema } = await import('../../../schemas/new-schema.ts');
  const path = await writeNewSchema(folder.directory, {
    name,
    topic,
    namespace: namespace ?? null,
  });
  const next = `Add its fields, then record version 1: reprise schemas new ${name}`;
  console.log(json ? jsonText({ event: 'begun', name, path }) : `Wrote ${path}. ${next}`);
}

async function recordAll(
  settings: SchemasSettings,
  name: string | undefined,
  options: NewOptions,
): Promise<void> {
  const { recordCurrent } = await import('../../../schemas/record-current.ts');
  const { isRecorded } = await import('../../../schemas/resolved-schema.ts');
  const { rules } = settings;
  let { folder } = settings;
  const names =
    name === undefined
      ? folder.records.filter((record) => !isRecorded(folder, record)).map((one) => one.name)
      : [name];
  const recorded: NewlyRecorded[] = [];
  for (const each of names) {
    const upcaster = options.upcaster === true;
    const outcome = await recordCurrent({ folder, name: each, rules, upcaster });
    folder = outcome.folder;
    recorded.push(...outcome.recorded);
  }
  for (const one of recorded) report(folder.directory, one, options);
  if (recorded.length === 0 && !options.json) {
    console.log('Nothing to record: every schema is its newest recorded version.');
  }
}

function report(directory: string, recorded: NewlyRecorded, options: NewOptions): void {
  if (options.json) return console.log(jsonText({ event: 'recorded', ...recorded }));
  const { name, version, path, warnings } = recorded;
  for (const warning of warnings) console.log(findingText(directory, warning));
  console.log(
    `Recorded ${name} version ${version} in ${directory}/history/${path}. Next: reprise schemas generate, and commit both.`,
  );
}
