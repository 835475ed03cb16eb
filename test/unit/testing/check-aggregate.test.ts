import fc from 'fast-check';
import { double, json, type UserAggregate } from 'reprise';
import { checkAggregate } from 'reprise/testing';
import { describe, expect, test } from 'vitest';

const numbers = fc.constantFrom(0.1, 0.2, 0.3, 1e16);
const greatest: UserAggregate<number, number | null, number | null> = {
  zero: null,
  add: (state, event) => (state === null ? event : Math.max(state, event)),
  merge: (a, b) => (a === null ? b : b === null ? a : Math.max(a, b)),
  result: (state) => state,
  column: double(),
};
const verdict = (define: UserAggregate<number, never, unknown>) => {
  try {
    checkAggregate(define, numbers, { seed: 7 });
  } catch (error) {
    return (error as Error).message;
  }
  return 'all laws hold';
};

describe('checkAggregate', () => {
  test('finds nothing wrong with a lawful aggregate', () => {
    expect(verdict(greatest as never)).toBe('all laws hold');
  });

  test('finds sums whose rounding depends on the order', () => {
    const sums: UserAggregate<number, number, number> = {
      zero: 0,
      add: (state, event) => state + event,
      merge: (a, b) => a + b,
      result: (state) => state,
      column: double(),
    };
    const message = verdict(sums as never);
    expect(message).toMatch(
      /merge\(merge\(a, b\), c\) and merge\(a, merge\(b, c\)\) differ|stored|adding/,
    );
    expect(message).toMatch(
      /a: events \[.*\]\n {2}b: events .*\n {2}c: events .*\nRepeat it with/s,
    );
  });

  test('finds an identity that is none, impurity, and a result that does not fit', () => {
    expect(verdict({ ...greatest, merge: (a: number | null) => a } as never)).toContain('differ');
    expect(verdict({ ...greatest, zero: 1, add: (state: number) => state + 1 } as never)).toContain(
      'adding the events',
    );
    const state = (n: number[]) => ({
      zero: n,
      add: (list: number[], event: number) => {
        list.push(event);
        return list.sort((a, b) => a - b);
      },
      merge: (a: number[], b: number[]) => [...a, ...b].sort((x, y) => x - y),
      result: (list: number[]) => list,
      column: json(),
    });
    expect(verdict(state([]) as never)).toContain('add is not pure: it changes what it is given');
    expect(verdict({ ...greatest, result: () => 'text' } as never)).toContain(
      'the result of a is a string, not a number',
    );
  });

  test('finds state that JSON does not keep', () => {
    const dates: UserAggregate<number, Date, number> = {
      zero: new Date(0),
      add: (state, event) => new Date(Math.max(Number(state), event)),
      merge: (a, b) => (Number(a) > Number(b) ? a : b),
      result: (state) => (state instanceof Date ? 1 : 0),
      column: double(),
    };
    expect(verdict(dates as never)).toContain('a state that was stored as JSON behaves otherwise');
  });
});
