import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { RegistryExport } from '../../registry/registry-export.ts';
import { RepriseError } from '../../reprise-error.ts';
import { jsonText } from '../terminal/json-text.ts';
import { type GlobalOptions, optionsOf, withApp } from '../terminal/with-app.ts';

/**
 * Adds `reprise registry export` and `import`: ids, subjects and versions as a file, as a backup
 * that does not depend on the database.
 */
export function addRegistryTransfer(registry: Command): void {
  registry
    .command('export')
    .description(
      'print all schemas as JSON, with their ids, subjects, versions and compatibility levels',
    )
    .action(async (_local, command: Command) => {
      await withApp(optionsOf<GlobalOptions>(command), async ({ app }) => {
        console.log(JSON.stringify(await app.postgresRegistry.export(), null, 2));
      });
    });
  registry
    .command('import')
    .argument('<file>', 'file that `reprise registry export` printed')
    .description('import an export into the registry of this database, ids included')
    .action(async (file: string, _local, command: Command) => {
      const exported = await readExport(file);
      const options = optionsOf<GlobalOptions>(command);
      await withApp(options, async ({ app }) => {
        const report = await app.postgresRegistry.import(exported);
        const { schemas, versions } = report;
        console.log(
          options.json === true
            ? jsonText(report)
            : `registry ${exported.registry}: ${schemas} schemas and ${versions} versions imported; existing ones are unchanged.`,
        );
      });
    });
}

async function readExport(file: string): Promise<RegistryExport> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new RepriseError(
      'CONFIG_INVALID',
      `${file} cannot be read: ${(error as Error).message}. Give the file that \`reprise registry export\` was printed into.`,
      { cause: error },
    );
  });
  const { parseRegistryExport } = await import('../../registry/registry-export.ts');
  return parseRegistryExport(text);
}
