import { describe, expect, it } from 'vitest';
import { compareRows } from '../../../src/cli/terminal/compare-rows.ts';
import { jsonText } from '../../../src/cli/terminal/json-text.ts';
import { frameLines } from '../../../src/cli/terminal/live-view.ts';
import { progressText } from '../../../src/cli/terminal/progress-view.ts';
import { renderTable } from '../../../src/cli/terminal/render-table.ts';
import { statusText } from '../../../src/cli/terminal/status-text.ts';
import { Decimal } from '../../../src/event/decimal.ts';

describe('renderTable', () => {
  it('shows what has several parts as JSON, and a decimal as its digits', () => {
    const positions = [{ topic: 'logins', offset: 7n }];
    expect(renderTable(['positions', 'sum'], [[positions, Decimal.fromString('1.50')]])).toEqual([
      'positions                          sum',
      '[{"topic":"logins","offset":"7"}]  1.50',
    ]);
  });

  it('aligns numbers to the right and words to the left', () => {
    expect(
      renderTable(
        ['name', 'n'],
        [
          ['a', 5n],
          ['long name', 1000n],
        ],
      ),
    ).toEqual(['name          n', 'a             5', 'long name  1000']);
  });
});

describe('jsonText', () => {
  it('keeps longs, dates and bytes exact as text', () => {
    const value = { n: 2n ** 63n - 1n, at: new Date(0), bytes: Buffer.from([1, 255]) };
    expect(JSON.parse(jsonText(value))).toEqual({
      n: '9223372036854775807',
      at: '1970-01-01T00:00:00.000Z',
      bytes: '01ff',
    });
  });
});

describe('compareRows', () => {
  const columns = { keys: ['user_id', 'window_start'], measures: ['events', 'average'] };
  const row = { user_id: 'u1', window_start: new Date(0), events: 3n, average: 0.1 };

  it('finds equal rows equal, whatever their order', () => {
    const second = { ...row, user_id: 'u2' };
    expect(compareRows([row, second], [{ ...second, events: 3 }, row], columns)).toEqual([]);
  });

  it('sees the last bit of a double', () => {
    const differences = compareRows([row], [{ ...row, average: 0.1 + 2 ** -56 }], columns);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toContain('average');
  });

  it('names rows that are missing and rows that are too many', () => {
    const differences = compareRows([row], [{ ...row, user_id: 'u2' }], columns);
    expect(differences).toEqual([
      'row ["u1","1970-01-01T00:00:00.000Z"] is missing',
      'row ["u2","1970-01-01T00:00:00.000Z"] should not be there',
    ]);
  });

  it('tells five differences and counts the rest', () => {
    const rows = Array.from({ length: 9 }, (_, index) => ({ ...row, user_id: `u${index}` }));
    expect(compareRows(rows, [], columns)).toHaveLength(6);
    expect(compareRows(rows, [], columns)[5]).toBe('and 4 more');
  });
});

describe('texts for people', () => {
  it('show a status with the reason of a halt', () => {
    const text = statusText(
      [
        {
          name: 'metrics',
          version: 1,
          state: 'active',
          paused: false,
          isUndeclared: false,
          rows: 7n,
          rowsAreEstimated: false,
          lagRecords: 2n,
          deadLetters: 0n,
          lateEvents: 0n,
          unpublished: 0n,
          publishFailures: [],
          countedUpTo: 1_000n,
          tasks: [
            {
              topic: 'payments',
              partition: 0,
              state: 'halted',
              nextOffset: 3n,
              stableEndOffset: 5n,
              lagRecords: 2n,
              watermark: null,
              epoch: 1n,
              owner: 'me',
              error: 'DECODE_FAILED: topic[0]@3',
            },
          ],
        },
      ],
      [],
    );
    expect(text).toContain('metrics v1 [0]');
    expect(text).toContain('DECODE_FAILED: topic[0]@3');
  });

  it('name a part that is away, a lag that is unknown, an estimate and a count that was cut short', () => {
    const text = statusText(
      [
        {
          name: 'metrics',
          version: 1,
          state: 'active',
          paused: false,
          isUndeclared: false,
          rows: 7_000_000n,
          rowsAreEstimated: true,
          lagRecords: null,
          deadLetters: 1_000n,
          lateEvents: 999n,
          unpublished: 0n,
          publishFailures: [],
          countedUpTo: 1_000n,
          tasks: [],
        },
      ],
      [
        { name: 'postgres', isAvailable: true, reason: null },
        { name: 'kafka', isAvailable: false, reason: 'LOG_UNAVAILABLE: no broker answers' },
      ],
    );
    expect(text.split('\n')[0]).toBe('kafka is unavailable: LOG_UNAVAILABLE: no broker answers');
    const row = /metrics.*/.exec(text)?.[0] ?? '';
    expect(row.split(/\s+/)).toEqual([
      'metrics',
      '1',
      'active',
      '~7000000',
      '?',
      '1000+',
      '999',
      '0',
    ]);
    expect(text).toContain('reprise status --exact');
    expect(text).not.toContain('postgres is unavailable');
  });

  it('show the progress of a rebuild with its rate and time left', () => {
    const progress = { name: 'm', version: 2, phase: 'replay', records: 50 } as const;
    expect(
      progressText({ ...progress, totalRecords: 200, recordsPerSecond: 10.2, etaSeconds: 14.1 }),
    ).toBe('m v2 replay 25% (50 of 200 records, 10/s, 15 s left)');
  });

  it('show rates, lag, rows and the newest rows of a projection', () => {
    const lines = frameLines(
      [
        {
          name: 'm',
          version: 1,
          eventsPerSecond: 200,
          lagRecords: 3n,
          rows: 12n,
          rowsAreEstimated: false,
          columns: ['user_id', 'events'],
          newest: [{ user_id: 'u1', events: 4n }],
          errors: [],
        },
      ],
      'the log is slow',
    );
    expect(lines).toContain('m v1  200 events/s  lag 3  12 rows');
    expect(lines).toContain('  u1            4');
    expect(lines).toContain('warning: the log is slow');
  });
});
