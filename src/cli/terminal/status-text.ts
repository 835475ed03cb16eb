import type { PublishFailureStatus } from '../../runner/outbox/publish-failure-status.ts';
import type {
  DependencyStatus,
  ProjectionStatus,
  TaskStatus,
} from '../../runner/status/task-status.ts';
import { renderTable } from './render-table.ts';

/**
 * Formats the status for a terminal: unavailable dependencies, a table of versions, a table of
 * tasks, then why tasks are paused or halted.
 */
export function statusText(
  projections: readonly ProjectionStatus[],
  dependencies: readonly DependencyStatus[],
): string {
  const absent = dependencies.flatMap(({ name, isAvailable, reason }) =>
    isAvailable ? [] : [`${name} is unavailable: ${reason ?? 'no reason given'}`],
  );
  const body = projections.length === 0 ? nothingStarted() : tables(projections);
  return [...absent, ...(absent.length > 0 ? [''] : []), ...body].join('\n');
}

/** Formats a number of rows: `1234`, or `~1234` for an estimate. */
export function rowsText({
  rows,
  rowsAreEstimated,
}: Pick<ProjectionStatus, 'rows' | 'rowsAreEstimated'>): string | bigint {
  return rowsAreEstimated ? `~${rows}` : rows;
}

/** Formats the lag. `?`: unknown, because the log is unavailable. */
export function lagText(lagRecords: bigint | null): string | bigint {
  return lagRecords ?? '?';
}

function nothingStarted(): readonly string[] {
  return ['No projection has run yet. Start with: reprise run'];
}

function tables(projections: readonly ProjectionStatus[]): readonly string[] {
  const versions = renderTable(
    ['projection', 'version', 'state', 'rows', 'lag', 'dead letters', 'late', 'unpublished'],
    projections.map(versionCells),
  );
  const tasks = renderTable(
    ['task', 'state', 'next offset', 'end', 'lag', 'watermark', 'owner'],
    projections.flatMap((one) => one.tasks.map((task) => taskCells(one, task))),
  );
  const notes = projections.some(({ rowsAreEstimated }) => rowsAreEstimated)
    ? ['', '~ is an estimate from the statistics of Postgres; count with: reprise status --exact']
    : [];
  const errors = projections.flatMap((one) =>
    one.tasks
      .filter((task) => task.error !== null)
      .map((task) => `${one.name} v${one.version} [${task.partition}] ${task.error}`),
  );
  const orphans = [
    ...new Set(projections.filter((one) => one.isUndeclared).map(({ name }) => name)),
  ];
  for (const name of orphans) {
    notes.push(
      '',
      `${name} is not in the configuration. To remove it with all its versions: reprise drop ${name}`,
    );
  }
  const held = projections.flatMap((one) =>
    one.publishFailures.map((failure) => publishFailureText(one, failure)),
  );
  const why = [...new Set(errors), ...held];
  return [...versions, ...notes, '', ...tasks, ...(why.length > 0 ? ['', ...why] : [])];
}

function publishFailureText(
  { name, version }: ProjectionStatus,
  { topic, event, key, since, attempts, error }: PublishFailureStatus,
): string {
  const which = key === null ? event : `${event} of ${key}`;
  return `${name} v${version} cannot publish ${which} to ${topic} since ${since.toISOString()} (${attempts} times): ${error}`;
}

function versionCells(one: ProjectionStatus): readonly unknown[] {
  const counted = (count: bigint) => (count === one.countedUpTo ? `${count}+` : count);
  return [
    one.name,
    one.version,
    [
      one.state,
      ...(one.paused ? ['paused'] : []),
      ...(one.isUndeclared ? ['undeclared'] : []),
    ].join(', '),
    rowsText(one),
    lagText(one.lagRecords),
    counted(one.deadLetters),
    counted(one.lateEvents),
    counted(one.unpublished),
  ];
}

/** Returns the name of a task, with the topic if it reads several. */
function taskName(one: ProjectionStatus, task: TaskStatus): string {
  const isOne = one.tasks.every(({ topic }) => topic === task.topic);
  return `${one.name} v${one.version} [${task.partition}]${isOne ? '' : ` ${task.topic}`}`;
}

function taskCells(one: ProjectionStatus, task: TaskStatus): readonly unknown[] {
  return [
    taskName(one, task),
    task.state,
    task.nextOffset,
    lagText(task.stableEndOffset),
    lagText(task.lagRecords),
    task.watermark,
    task.owner,
  ];
}
