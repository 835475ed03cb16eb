import type { Command } from 'commander';
import { addSchemasCheck } from './schemas-check.ts';
import { addSchemasDiff } from './schemas-diff.ts';
import { addSchemasGenerate } from './schemas-generate.ts';
import { addSchemasNew } from './schemas-new.ts';
import { addSchemasPull, addSchemasRegister } from './schemas-register.ts';
import { addSchemasScan } from './schemas-scan.ts';

/** Adds `reprise schemas …`: the files of schemas, their history, and a registry. */
export function addSchemas(program: Command): void {
  const schemas = program
    .command('schemas')
    .description('check, record, compare, register and scan Avro schemas');
  addSchemasCheck(schemas);
  addSchemasNew(schemas);
  addSchemasDiff(schemas);
  addSchemasRegister(schemas);
  addSchemasPull(schemas);
  addSchemasScan(schemas);
  addSchemasGenerate(schemas);
}
