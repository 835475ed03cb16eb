import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

/** How the structured log is written. */
export interface LoggerOptions {
  readonly level: string;
  /** Short lines for people instead of JSON. Default: whether standard error is a terminal. */
  readonly pretty?: boolean;
  /** Default: standard error. */
  readonly destination?: { write(text: string): unknown };
}

/**
 * The structured log: JSON lines on standard error, so that results on standard output stay clean;
 * short lines when a person is watching. Written synchronously: nothing is lost when the process
 * ends.
 */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? process.stderr;
  const pretty = options.pretty ?? process.stderr.isTTY === true;
  const settings = { level: options.level, base: { pid: process.pid } };
  return pino(
    settings,
    new Writable({
      decodeStrings: false,
      write(line: string, _encoding, done) {
        destination.write(pretty ? prettyLine(line) : line);
        done();
      },
    }),
  );
}

const LABELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'ERROR',
  60: 'FATAL',
};

/**
 * Turns one line of pino's JSON into `12:30:05 info  message  key=value`; anything else stays as it
 * is.
 */
function prettyLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, pid: _pid, err, ...facts } = entry;
  const clock = new Date(Number(time)).toISOString().slice(11, 19);
  const rest = Object.entries(facts).map(([key, value]) => `${key}=${shortText(value)}`);
  const failure = (err as { message?: string } | undefined)?.message;
  const parts = [msg, failure, rest.join(' ')].filter((part) => part !== undefined && part !== '');
  return `${clock} ${LABELS[Number(level)] ?? level} ${parts.join('  ')}\n`;
}

function shortText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
