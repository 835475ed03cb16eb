import { describe, expect, it } from 'vitest';
import { identifierFault } from '../../../src/projection/check/identifier-fault.ts';
import { snakeCase } from '../../../src/projection/plan/snake-case.ts';

describe('snakeCase', () => {
  it.each([
    ['userId', 'user_id'],
    ['user_id', 'user_id'],
    ['p95', 'p95'],
    ['UserId', '_user_id'],
    ['aBC', 'a_b_c'],
    ['x', 'x'],
  ])('names the column of %s %s', (name, column) => {
    expect(snakeCase(name)).toBe(column);
  });
});

describe('identifierFault', () => {
  it('finds nothing wrong with plain names', () => {
    for (const name of ['a', '_a', 'user_metrics2', 'a'.repeat(63)]) {
      expect(identifierFault(name)).toBeNull();
    }
  });

  it.each(['', '1a', 'a-b', 'A', 'é', 'a b', 'a"'])('refuses %j', (name) => {
    expect(identifierFault(name)).toContain('may hold only a-z, 0-9 and _');
  });

  it('counts bytes with what will be appended', () => {
    expect(identifierFault('a'.repeat(64))).toContain('64 bytes');
    expect(identifierFault('a'.repeat(60), '__v1')).toContain('64 bytes long with __v1');
    expect(identifierFault('a'.repeat(59), '__v1')).toBeNull();
  });
});
