import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit.ts';
import { Interrupted } from './stop-on-signals.ts';

/**
 * The message and exit code of the process for an error. `text` is empty if everything was already
 * printed.
 */
export interface ErrorReport {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * Formats one block, `error CODE: message`. The stack traces of the error and its causes follow
 * only if `verbose`.
 */
export function reportError(error: unknown, verbose: boolean): ErrorReport {
  if (error instanceof Interrupted) return { text: '', exitCode: EXIT.interrupted };
  if (error instanceof CommanderError) return commanderReport(error);
  const code = codeOf(error);
  const text = `error ${code ?? 'UNEXPECTED'}: ${messageOf(error, code !== null)}\n`;
  return {
    text: verbose ? text + stacks(error) : text,
    exitCode: code === null ? unexpectedExit(error) : exitCodeOf(code),
  };
}

function commanderReport(error: CommanderError): ErrorReport {
  if (error.exitCode === 0) return { text: '', exitCode: EXIT.done };
  if (error.code === 'commander.help') return { text: '', exitCode: EXIT.usage };
  const sentence = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return {
    text: `error USAGE: ${sentence}. See reprise --help.\n`.replace(/([.!?)])\. See/, '$1 See'),
    exitCode: EXIT.usage,
  };
}

/**
 * Compares names, not classes: the configuration may have loaded another copy of reprise than the
 * command line.
 */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'RepriseError') return null;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : null;
}

function messageOf(error: unknown, expected: boolean): string {
  const message = error instanceof Error ? error.message || innerMessage(error) : String(error);
  if (expected) return message;
  const firstLine = message.split('\n')[0] || 'no message';
  return `${firstLine.replace(/\.?$/, '.')} Run it again with --verbose for the stack trace.`;
}

/**
 * Returns the message of a cause, because Node's AggregateError of a refused connection has none.
 */
function innerMessage(error: Error): string {
  const [first] = (error as { errors?: readonly unknown[] }).errors ?? [];
  return first instanceof Error ? first.message : error.name;
}

function unexpectedExit(error: unknown): number {
  const { code } = (error ?? {}) as { code?: unknown };
  const network = ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'ECONNRESET', 'EHOSTUNREACH'];
  return typeof code === 'string' && network.includes(code) ? EXIT.unavailable : EXIT.failed;
}

function stacks(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `caused by ${stacks(error.cause)}`;
  return `${error.stack ?? error.message}\n${cause}`;
}
