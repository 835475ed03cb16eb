import type { SubjectKey } from '../erasure/postgres/subject-keys.ts';
import type { LogPosition } from '../log/log-position.ts';
import type { ProjectionVersion } from './store/projection-version.ts';
import type { VersionState } from './store/version-state.ts';

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

/** A dead letter that holds values of a subject. */
export interface AffectedLetter extends LogPosition {
  readonly projection: string;
  readonly version: number;
  /** Error code. */
  readonly reason: string;
  /** Its value was never encrypted: destroying the key does nothing to it. */
  readonly isPlain: boolean;
}

/** What is known of a subject. */
export interface SubjectReport {
  readonly subject: string;
  /** Its keys, oldest first, destroyed ones included: what, when, by whom. */
  readonly keys: readonly SubjectKey[];
  readonly projections: readonly AffectedProjection[];
  readonly deadLetters: readonly AffectedLetter[];
}
