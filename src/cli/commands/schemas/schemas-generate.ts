import type { Command } from 'commander';
import { jsonText } from '../../terminal/json-text.ts';
import { optionsOf } from '../../terminal/with-app.ts';

interface GenerateOptions {
  readonly check?: boolean;
  readonly directory: string;
}

/**
 * Adds `reprise schemas generate`: typed definitions from `.avsc` files. Does not load the
 * configuration, which may import the files to generate.
 */
export function addSchemasGenerate(schemas: Command): void {
  schemas
    .command('generate')
    .description('write index.ts with typed event definitions for the .avsc files of a folder')
    .option('--check', 'write nothing; fail when index.ts is stale')
    .option('--directory <path>', 'folder of the .avsc files', './schemas')
    .action(async (_local, command: Command) => {
      const { check, directory, json } = optionsOf<GenerateOptions>(command);
      const { checkGenerated, writeGenerated } = await import(
        '../../../schemas/write-generated.ts'
      );
      const paths = await (check === true ? checkGenerated : writeGenerated)(directory);
      if (json) console.log(jsonText({ paths, checked: check === true }));
      else
        for (const path of paths)
          console.log(check === true ? `${path} is up to date.` : `Wrote ${path}.`);
    });
}
