import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { checkGenerated, generateDefinitions } from '../avro/generate-definitions.ts';
import { RepriseError } from '../reprise-error.ts';
import { jsonText } from './json-text.ts';
import { optionsOf } from './with-app.ts';

interface GenerateOptions {
  readonly check?: boolean;
  readonly directory: string;
}

/** `reprise schemas generate`: typed definitions from `.avsc` files. Does not load the configuration, which may import what is yet to be written. */
export function addSchemasGenerate(schemas: Command): void {
  schemas
    .command('generate')
    .description('write index.ts with typed event definitions for the .avsc files of a folder')
    .option('--check', 'write nothing; fail when index.ts is stale')
    .option('--directory <path>', 'folder of the .avsc files', './schemas')
    .action(async (_local, command: Command) => {
      const { check, directory, json } = optionsOf<GenerateOptions>(command);
      const path = join(directory, 'index.ts');
      await readable(directory, () =>
        check === true ? checkGenerated(directory) : generate(directory, path),
      );
      if (json) console.log(jsonText({ path, checked: check === true }));
      else console.log(check === true ? `${path} is up to date.` : `Wrote ${path}.`);
    });
}

async function generate(directory: string, path: string): Promise<void> {
  await writeFile(path, await generateDefinitions(directory));
}

async function readable(directory: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'ENOTDIR') throw error;
    throw new RepriseError(
      'CONFIG_INVALID',
      `The folder of schemas ${directory} cannot be used (${code}). Create it, or name another with --directory.`,
      { cause: error },
    );
  }
}
