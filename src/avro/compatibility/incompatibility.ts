/**
 * Why a reader cannot read what a writer wrote: the types of Java's `SchemaIncompatibilityType`,
 * and `CHECKER_EXCEPTION` if Java's checker throws because name and aliases of a reader's field
 * match several fields of the writer.
 */
export type IncompatibilityType =
  | 'NAME_MISMATCH'
  | 'FIXED_SIZE_MISMATCH'
  | 'MISSING_ENUM_SYMBOLS'
  | 'READER_FIELD_MISSING_DEFAULT_VALUE'
  | 'TYPE_MISMATCH'
  | 'MISSING_UNION_BRANCH'
  | 'CHECKER_EXCEPTION';

/** One reason, as Java reports it. */
export interface Incompatibility {
  readonly type: IncompatibilityType;
  /**
   * JSON pointer into the reader's schema (into the writer's branches below a union); `/` is the
   * schema itself.
   */
  readonly location: string;
  /** Java's message. */
  readonly message: string;
}

/** Kinds of changes that Avro accepts but reads wrongly. */
export type SilentChangeType =
  | 'DECIMAL_SCALE_CHANGED'
  | 'TIME_UNIT_CHANGED'
  | 'LOGICAL_TYPE_CHANGED'
  | 'FIELD_MATCHED_BY_DEFAULT_ONLY'
  | 'PII_MARK_REMOVED';

/** A change that is compatible by Avro's rules but silently yields other values. */
export interface SilentChange {
  readonly type: SilentChangeType;
  /** JSON pointer into the reader's schema. */
  readonly location: string;
  /** What happens, and advice. */
  readonly message: string;
}

/** Formats reference tokens as a location, as Java does: `/` for none. */
export function pointerOf(tokens: readonly string[]): string {
  return `/${tokens.map((token) => token.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
}
