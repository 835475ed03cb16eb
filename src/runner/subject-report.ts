import type { SubjectKey } from '../erasure/postgres/subject-keys.ts';
import type { AffectedLetter } from './store/dead-letter-store.ts';
import type { ProjectionVersion } from './store/projection-version.ts';
import type { VersionState } from './store/version-state.ts';

export type { AffectedLetter } from './store/dead-letter-store.ts';

/**
 * A version of a projection that sees `pii` fields: its rows may hold what a subject's key
 * encrypted.
 */
export interface AffectedProjection extends ProjectionVersion {
  readonly state: VersionState;
  /**
   * Whether it is the version that the configuration declares: `repair` works on that one, the
   * others have to be retired.
   */
  readonly isDeclared: boolean;
  /** The key column that holds subjects; null: rows are found by a replay only. */
  readonly column: string | null;
  /** Rows of the subject by that column; null: unknown. */
  readonly rows: bigint | null;
}

/** What is known of a subject. */
export interface SubjectReport {
  readonly subject: string;
  /** Its keys, oldest first, destroyed ones included: what, when, by whom. */
  readonly keys: readonly SubjectKey[];
  readonly projections: readonly AffectedProjection[];
  readonly deadLetters: readonly AffectedLetter[];
}
