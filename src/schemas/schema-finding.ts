import type { SilentChangeType } from '../avro/compatibility/incompatibility.ts';

/**
 * A finding of `reprise schemas check`. `error` fails the check, `warning` does so on request,
 * `info` never.
 */
export interface SchemaFinding {
  readonly level: 'error' | 'warning' | 'info';
  readonly code:
    | 'INCOMPATIBLE_SCHEMA'
    | 'NOT_RECORDED'
    | 'NOT_REGISTERED'
    | 'NOT_IN_HISTORY'
    | SilentChangeType;
  /** Path below the folder of schemas: `user-acted.avsc`, `history/user-acted/2.avsc`. */
  readonly file: string;
  readonly subject: string;
  readonly message: string;
}

/** Formats a finding as one line, as compilers do. */
export function findingText(directory: string, finding: SchemaFinding): string {
  const { level, code, file, message } = finding;
  return `${directory}/${file}: ${level} ${code}: ${message}`;
}
