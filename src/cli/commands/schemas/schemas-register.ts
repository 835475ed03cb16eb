import type { Command } from 'commander';
import type { Pulled } from '../../../schemas/pull-subject.ts';
import { jsonText } from '../../terminal/json-text.ts';
import {
  type SchemasOptions,
  schemasSettings,
  withDirectory,
  withRegistry,
} from '../../terminal/schemas-settings.ts';
import { optionsOf } from '../../terminal/with-app.ts';

/** Adds `reprise schemas register [NAME…]`: registers recorded versions in a registry. */
export function addSchemasRegister(schemas: Command): void {
  withDirectory(schemas.command('register'))
    .description('register the recorded versions that a registry lacks, oldest first')
    .argument('[names...]', 'schema files, without .avsc (default: all)')
    .option('--registry <url>', 'URL of the registry (default: the configured one)')
    .action(async (names: readonly string[], _local, command: Command) => {
      const options = optionsOf<SchemasOptions>(command);
      const { folder, rules } = await schemasSettings(options);
      const { recordNamed } = await import('../../../schemas/record-current.ts');
      const { registerRecords } = await import('../../../schemas/register-records.ts');
      const records =
        names.length === 0 ? folder.records : names.map((name) => recordNamed(folder, name));
      const registrations = await withRegistry(options, (registry) =>
        registerRecords(folder, records, registry, rules),
      );
      for (const { name, version, subject, registered, isNew } of registrations) {
        const facts = { name, version, subject, id: registered.id };
        if (options.json) console.log(jsonText({ event: 'registered', ...facts, isNew }));
        else if (isNew) {
          console.log(
            `Registered ${name} version ${version}: ${subject} version ${registered.version}, id ${registered.id}.`,
          );
        }
      }
      if (!options.json && !registrations.some(({ isNew }) => isNew)) {
        console.log('Nothing to register: the registry has every recorded version.');
      }
    });
}

/** Adds `reprise schemas pull [NAME…]`: adds versions of a registry to the history. */
export function addSchemasPull(schemas: Command): void {
  withDirectory(schemas.command('pull'))
    .description('record versions that only the registry has, and update the files')
    .argument(
      '[names...]',
      'schema files, without .avsc, or subjects to create a file from (default: all files)',
    )
    .option('--registry <url>', 'URL of the registry (default: the configured one)')
    .action(async (names: readonly string[], _local, command: Command) => {
      const options = optionsOf<SchemasOptions>(command);
      const { folder, rules } = await schemasSettings(options);
      const { pullRecord, pullSubject } = await import('../../../schemas/pull-subject.ts');
      const { readSchemaFolder } = await import('../../../schemas/schema-folder.ts');
      const wanted = names.length === 0 ? folder.records.map(({ name }) => name) : names;
      await withRegistry(options, async (registry) => {
        for (const each of wanted) {
          const latest = await readSchemaFolder(folder.directory);
          const record = latest.records.find(({ name }) => name === each);
          report(
            record === undefined
              ? await pullSubject(latest, each, registry)
              : await pullRecord(latest, record, registry, rules),
            options,
          );
        }
      });
    });
}

function report(pulled: Pulled, options: SchemasOptions): void {
  if (options.json) return console.log(jsonText({ event: 'pulled', ...pulled }));
  const { name, subject, versions, needsTopic } = pulled;
  if (versions.length === 0) return console.log(`${name}: nothing new under ${subject}.`);
  console.log(
    `${name}: recorded version ${versions.join(', ')} from ${subject}. Next: reprise schemas generate`,
  );
  if (needsTopic) {
    console.log(
      `  ${name}.avsc got a "topic"; add "key" and "time" and record it: reprise schemas new ${name}`,
    );
  }
}
