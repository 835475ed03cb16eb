import { RepriseError } from '../reprise-error.ts';

/**
 * Creates the error for a history of schemas that differs from what was recorded; `problem` follows
 * the path.
 */
export function historyBroken(path: string, problem: string, toDo = RESTORE): RepriseError {
  return new RepriseError('SCHEMA_HISTORY_BROKEN', `${path} ${problem}. ${toDo}`, {
    facts: { path },
  });
}

const RESTORE =
  'Recorded versions never change: restore the file from version control (git checkout), and record changes as a new version (reprise schemas new).';
