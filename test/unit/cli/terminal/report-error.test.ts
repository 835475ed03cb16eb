import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { reportError } from '../../../../src/cli/terminal/report-error.ts';
import { Interrupted } from '../../../../src/cli/terminal/stop-on-signals.ts';
import { RepriseError } from '../../../../src/reprise-error.ts';

const failure = new RepriseError('LOG_UNAVAILABLE', 'Kafka at h:1 does not answer. Check it.');

describe('reportError', () => {
  it('prints code and message without a stack', () => {
    expect(reportError(failure, false)).toEqual({
      text: 'error LOG_UNAVAILABLE: Kafka at h:1 does not answer. Check it.\n',
      exitCode: 3,
    });
  });

  it('adds the stacks of the error and its cause when asked to', () => {
    const error = new RepriseError('SCHEMA_INVALID', 'a.avsc', { cause: new Error('inner') });
    const { text, exitCode } = reportError(error, true);
    expect(text).toMatch(/ {4}at [\s\S]*caused by Error: inner[\s\S]* {4}at /);
    expect(exitCode).toBe(2);
  });

  it('knows an error of another copy of reprise by its name', () => {
    const other = Object.assign(new Error('boom'), { name: 'RepriseError', code: 'PORT_IN_USE' });
    expect(reportError(other, false)).toEqual({ text: 'error PORT_IN_USE: boom\n', exitCode: 3 });
  });

  it('keeps an unexpected error to one line', () => {
    expect(reportError(new Error('first\nsecond'), false)).toEqual({
      text: 'error UNEXPECTED: first. Run it again with --verbose for the stack trace.\n',
      exitCode: 1,
    });
  });

  it('finds the message inside an error that has none', () => {
    const refused = Object.assign(new AggregateError([new Error('connect refused')]), {
      code: 'ECONNREFUSED',
    });
    const { text, exitCode } = reportError(refused, false);
    expect(text).toContain('connect refused');
    expect(exitCode).toBe(3);
  });

  it('says nothing more after an interruption', () => {
    expect(reportError(new Interrupted('stop'), false)).toEqual({ text: '', exitCode: 130 });
  });

  it('ends with 2 on wrong usage and 0 on help', () => {
    const wrong = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'");
    expect(reportError(wrong, false)).toEqual({
      text: "error USAGE: unknown option '--x'. See reprise --help.\n",
      exitCode: 2,
    });
    expect(reportError(new CommanderError(0, 'commander.help', ''), false).exitCode).toBe(0);
  });
});
