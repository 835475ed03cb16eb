import type { SilentChangeType } from '../avro/compatibility/incompatibility.ts';

/**
 * What `reprise schemas check` found. `error` fails it, `warning` does so when asked, `info` never.
 */
export interface SchemaFinding {
  readonly level: 'error' | 'warning' | 'info';
  readonly code:
    | 'INCOMPATIBLE_SCHEMA'
    | 'NOT_RECORDED'
    | 'NOT_REGISTERED'
    | 'NOT_IN_HISTORY'
    | SilentChangeType;
  /** Below the folder of schemas: `user-acted.avsc`, `history/user-acted/2.avsc`. */
  readonly file: string;
  readonly subject: string;
  readonly message: string;
}

/** One line, as compilers write it. */
export function findingText(directory: string, finding: SchemaFinding): string {
  const { level, code, file, message } = finding;
  return `${directory}/${file}: ${level} ${code}: ${message}`;
}
