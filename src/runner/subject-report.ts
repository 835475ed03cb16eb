import type { SubjectKey } from '../erasure/postgres/subject-keys.ts';
import type { AffectedLetter } from './store/dead-letter-store.ts';
import type { ProjectionVersion } from './store/projection-version.ts';
import type { VersionState } from './store/version-state.ts';

export type { AffectedLetter } from './store/dead-letter-store.ts';

/**
 * A version of a projection that reads `pii` fields: its rows may hold values that a subject's key
 * encrypted.
 */
export interface AffectedProjection extends ProjectionVersion {
  readonly state: VersionState;
  /**
   * Whether the configuration declares this version. `repair` works on declared versions; other
   * versions must be retired.
   */
  readonly isDeclared: boolean;
  /** The key column that holds subjects; null: only a replay finds the rows. */
  readonly column: string | null;
  /** Number of rows of the subject, by that column; null: unknown. */
  readonly rows: bigint | null;
}

/** What is stored about a subject. */
export interface SubjectReport {
  readonly subject: string;
  /** Its keys, oldest first, including destroyed ones: what, when and by whom. */
  readonly keys: readonly SubjectKey[];
  readonly projections: readonly AffectedProjection[];
  readonly deadLetters: readonly AffectedLetter[];
}
