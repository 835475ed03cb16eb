import type { Command } from 'commander';
import type { ProjectionStatus } from '../reprise.ts';
import { jsonText } from './json-text.ts';
import { renderTable } from './table.ts';
import { optionsOf, withApp } from './with-app.ts';

/** `reprise status`: what every version and task is doing, whichever process runs it. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show what each version of a projection and each of its tasks is doing')
    .action(async (_local, command: Command) => {
      const options = optionsOf<object>(command);
      const projections = await withApp(options, ({ app }) => app.status());
      console.log(options.json ? jsonText({ projections }) : statusText(projections));
    });
}

/** The status for people: a table of versions, a table of tasks, then why tasks are paused or halted. */
export function statusText(projections: readonly ProjectionStatus[]): string {
  if (projections.length === 0)
    return 'No projection has been started yet. Start with: reprise run';
  const versions = renderTable(
    ['projection', 'version', 'state', 'rows', 'lag', 'dead letters', 'late', 'unpublished'],
    projections.map((one) => [
      one.name,
      one.version,
      one.paused ? `${one.state}, paused` : one.state,
      one.rows,
      one.lagRecords,
      one.deadLetters,
      one.lateEvents,
      one.unpublished,
    ]),
  );
  const tasks = renderTable(
    ['task', 'state', 'next offset', 'end', 'lag', 'watermark', 'owner'],
    projections.flatMap((one) =>
      one.tasks.map((task) => [
        `${one.name} v${one.version} [${task.partition}]`,
        task.state,
        task.nextOffset,
        task.stableEndOffset,
        task.lagRecords,
        task.watermark,
        task.owner,
      ]),
    ),
  );
  const errors = projections.flatMap((one) =>
    one.tasks
      .filter((task) => task.error !== null)
      .map((task) => `${one.name} v${one.version} [${task.partition}] ${task.error}`),
  );
  return [...versions, '', ...tasks, ...(errors.length > 0 ? ['', ...errors] : [])].join('\n');
}
