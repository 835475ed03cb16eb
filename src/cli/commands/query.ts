import { type Command, InvalidArgumentError } from 'commander';
import type { ProjectionClass } from '../../config/reprise-config.ts';
import type { Reprise } from '../../reprise.ts';
import { RepriseError } from '../../reprise-error.ts';
import { jsonText } from '../terminal/json-text.ts';
import { queryRows, type RowsWanted, type ViewRow, viewColumns } from '../terminal/query-rows.ts';
import { renderTable } from '../terminal/render-table.ts';
import { optionsOf, plansOf, withApp } from '../terminal/with-app.ts';

interface QueryOptions {
  readonly where?: readonly string[];
  readonly orderBy?: string;
  readonly limit: number;
}

/** Adds `reprise query NAME`: prints rows of a read model. */
export function addQuery(program: Command): void {
  program
    .command('query')
    .description('show rows of a read model')
    .argument('<name>', 'projection')
    .option('--where <column=value...>', 'conditions that each row must meet')
    .option('--order-by <column>', 'column to sort by; `-column` sorts in descending order')
    .option('--limit <count>', 'maximum number of rows', wholeNumber, 20)
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<QueryOptions>(command);
      await withApp(options, async ({ app, config }) => {
        const plans = plansOf({ app, config });
        const planned = plans.find(({ plan }) => plan.name === name);
        if (planned === undefined)
          throw unknownProjection(
            name,
            plans.map(({ plan }) => plan.name),
          );
        const columns = viewColumns(planned.plan);
        const rows = await rowsOf(app, planned.projection, {
          where: (options.where ?? []).map((text) => condition(text, columns)),
          orderBy: options.orderBy === undefined ? [] : [order(options.orderBy, columns)],
          limit: options.limit,
          name,
        });
        if (options.json) return console.log(jsonText({ projection: name, rows }));
        const table = renderTable(
          columns,
          rows.map((row) => columns.map((column) => row[column])),
        );
        console.log(table.join('\n'));
      });
    });
}

/**
 * @throws UNKNOWN_PROJECTION when the view was never created, CONFIG_INVALID when a value does not
 * fit its column
 */
async function rowsOf(
  app: Reprise,
  projection: ProjectionClass,
  wanted: RowsWanted & { readonly name: string },
): Promise<readonly ViewRow[]> {
  try {
    return await queryRows(app, projection, wanted);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (code === UNDEFINED_TABLE) {
      // Throws NOT_MIGRATED if reprise's own tables are missing too.
      await app.instances.list();
      throw neverRun(wanted.name, error);
    }
    if (typeof code !== 'string' || !code.startsWith(DATA_EXCEPTION)) throw error;
    throw usage(`--where: ${message.split(' - ').at(-1)}`);
  }
}

/** SQLSTATE: the view does not exist. */
const UNDEFINED_TABLE = '42P01';
/** SQLSTATE class: a value does not fit its type. */
const DATA_EXCEPTION = '22';

function neverRun(name: string, cause: unknown): RepriseError {
  return new RepriseError(
    'UNKNOWN_PROJECTION',
    `${name} has no active version in this database, because it has never run. Start it with: reprise run`,
    { cause, facts: { projection: name } },
  );
}

/** Parses an option: a whole number from 0. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function condition(text: string, columns: readonly string[]): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usage(`--where "${text}" is not column=value`);
  return [known(text.slice(0, at), columns), text.slice(at + 1)];
}

function order(text: string, columns: readonly string[]): readonly [string, 'asc' | 'desc'] {
  return text.startsWith('-')
    ? [known(text.slice(1), columns), 'desc']
    : [known(text, columns), 'asc'];
}

function known(column: string, columns: readonly string[]): string {
  if (columns.includes(column)) return column;
  throw usage(`There is no column "${column}"; there are ${columns.join(', ')}`);
}

function usage(sentence: string): RepriseError {
  return new RepriseError('CONFIG_INVALID', `${sentence}.`);
}

function unknownProjection(name: string, names: readonly string[]): RepriseError {
  return new RepriseError(
    'UNKNOWN_PROJECTION',
    `There is no projection named ${name}; declared are: ${names.join(', ') || 'none'}.`,
    { facts: { projection: name } },
  );
}
