#!/usr/bin/env node
import { createProgram } from './program.ts';
import { reportError } from './terminal/report-error.ts';

const verbose = process.argv.includes('--verbose');

/** Ends the process with one message. Open handles must not keep a failed command alive. */
function fail(error: unknown): void {
  const report = reportError(error, verbose);
  process.stderr.write(report.text, () => process.exit(report.exitCode));
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

try {
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
