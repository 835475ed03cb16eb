import type { TaskKey } from '../store/task-key.ts';

/**
 * The remedy of a version that cannot go on, as an operator types it. `hasLostStart`: accepts that
 * the log no longer begins at 0.
 */
export function rebuildCommands(
  { projection, version }: Pick<TaskKey, 'projection' | 'version'>,
  hasLostStart: boolean,
): string {
  const accepting = hasLostStart ? ' --accept-data-loss' : '';
  return `raise its version to ${version + 1} and run: reprise rebuild ${projection}${accepting}; start the new code with: reprise run; then: reprise activate ${projection}; and drop the old version with: reprise retire ${projection} ${version}`;
}
