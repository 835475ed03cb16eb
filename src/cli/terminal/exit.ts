import type { ErrorCode } from '../../reprise-error.ts';

/** Exit codes of commands, for programs that start them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unavailable: 3,
  interrupted: 130,
} as const;

/** The table of exit codes, as printed by `--help` and the documentation. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done; also a clean stop of "dev", "run" and "registry serve" by SIGINT or SIGTERM
  1    failed, or not verified; "schemas check" and "scan" found errors
  2    wrong usage, configuration, schema or projection
  3    infrastructure is unavailable: Postgres, Kafka, registry, port, data directory
  130  interrupted before it was done`;

const USAGE: readonly ErrorCode[] = [
  'CONFIG_INVALID',
  'DEFINITION_INVALID',
  'SCHEMA_INVALID',
  'SCHEMA_HISTORY_BROKEN',
  'UNKNOWN_PROJECTION',
  'UNKNOWN_INSTANCE',
  'UNKNOWN_TOPIC',
  'REGISTRY_MISMATCH',
  'VERSION_NOT_RAISED',
];

const UNAVAILABLE: readonly ErrorCode[] = [
  'LOG_UNAVAILABLE',
  'LOG_UNAUTHORIZED',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_REFUSED',
  'DATABASE_UNAVAILABLE',
  'STANDBY',
  'SPLIT_BRAIN',
  'EMBEDDED_UNAVAILABLE',
  'DATA_DIRECTORY_UNUSABLE',
  'PORT_IN_USE',
];

/** Returns the exit code for an error code; 1 if it is not listed. */
export function exitCodeOf(code: string): number {
  if ((USAGE as readonly string[]).includes(code)) return EXIT.usage;
  return (UNAVAILABLE as readonly string[]).includes(code) ? EXIT.unavailable : EXIT.failed;
}
