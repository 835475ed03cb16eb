import type { TaskKey } from '../store/task-key.ts';

/**
 * Returns the commands for a version that cannot resume, as an operator types them. `hasLostStart`:
 * also accept that the log no longer begins at 0.
 */
export function rebuildCommands(
  { projection, version }: Pick<TaskKey, 'projection' | 'version'>,
  hasLostStart: boolean,
): string {
  const accepting = hasLostStart ? ' --accept-data-loss' : '';
  return `raise its version to ${version + 1} and run: reprise rebuild ${projection}${accepting}; start the new code with: reprise run; then: reprise activate ${projection}; and drop the old version with: reprise retire ${projection} ${version}`;
}
