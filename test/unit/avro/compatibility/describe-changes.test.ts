import { describe, expect, it } from 'vitest';
import { describeChanges } from '../../../../src/avro/compatibility/describe-changes.ts';
import { parseSchemaJson } from '../../../../src/avro/schema/parse-schema.ts';

const record = (fields: readonly object[], extra: object = {}) =>
  parseSchemaJson({ type: 'record', name: 'R', namespace: 'n', fields, ...extra }, 'a test');

function changes(older: readonly object[], newer: readonly object[]) {
  return describeChanges(record(older), record(newer));
}

const text = (name: string, extra: object = {}) => ({ name, type: 'string', ...extra });

describe('what changed between two versions', () => {
  it('says nothing of docs and of nothing', () => {
    expect(changes([text('a')], [text('a', { doc: 'x' })])).toEqual([]);
  });

  it('suggests an alias for a renamed field, or else a default', () => {
    const [added, removed] = changes([text('user')], [text('userId')]);
    expect(added).toMatchObject({ kind: 'FIELD_ADDED', path: 'userId' });
    expect(added?.suggestion).toMatch(
      /user under another name, add "aliases": \["user"\]; otherwise add a "default"/,
    );
    expect(removed).toMatchObject({ kind: 'FIELD_REMOVED', path: 'user', suggestion: null });
  });

  it('takes an alias at its word', () => {
    expect(changes([text('user')], [text('userId', { aliases: ['user'] })])).toMatchObject([
      { kind: 'FIELD_RENAMED', path: 'userId', suggestion: null },
    ]);
  });

  it('is content with a new field that has a default and resembles nothing', () => {
    expect(changes([text('a')], [text('a'), { name: 'n', type: 'int', default: 0 }])).toMatchObject(
      [{ kind: 'FIELD_ADDED', message: 'added: int, default 0', suggestion: null }],
    );
  });

  it('suggests a new field or an upcaster for a retyped one, unless Avro promotes it', () => {
    expect(changes([text('a')], [{ name: 'a', type: 'long' }])).toMatchObject([
      {
        kind: 'FIELD_RETYPED',
        message: 'was string, is long',
        suggestion: expect.stringMatching(/cannot be read.*upcaster/),
      },
    ]);
    expect(changes([{ name: 'a', type: 'int' }], [{ name: 'a', type: 'long' }])).toMatchObject([
      { kind: 'FIELD_RETYPED', suggestion: null },
    ]);
  });

  it('warns of a type that reads the same bytes as another value', () => {
    const at = (unit: string) => ({
      name: 'at',
      type: { type: 'long', logicalType: `timestamp-${unit}` },
    });
    expect(changes([at('millis')], [at('micros')])).toMatchObject([
      { kind: 'FIELD_RETYPED', suggestion: expect.stringMatching(/get other values/) },
    ]);
  });

  it('looks into records, arrays, maps and unions', () => {
    const inner = (fields: readonly object[]) => ({ type: 'record', name: 'I', fields });
    const nested = (fields: readonly object[]) => [
      { name: 'list', type: { type: 'array', items: ['null', inner(fields)] } },
    ];
    expect(changes(nested([text('a')]), nested([]))).toMatchObject([
      { kind: 'FIELD_REMOVED', path: 'list.a' },
    ]);
  });

  it('names symbols that are gone, and what to do', () => {
    const of = (symbols: readonly string[]) => [
      { name: 'e', type: { type: 'enum', name: 'E', symbols } },
    ];
    expect(changes(of(['A', 'B']), of(['A', 'C']))).toMatchObject([
      {
        kind: 'SYMBOLS_CHANGED',
        message: 'enum E: new symbols C; symbols B are gone',
        suggestion: expect.stringContaining('default'),
      },
    ]);
  });

  it('suggests an alias for a renamed record', () => {
    const renamed = (extra: object) =>
      describeChanges(record([text('a')]), record([text('a')], { name: 'S', ...extra }));
    expect(renamed({})).toMatchObject([
      { kind: 'TYPE_RENAMED', suggestion: 'add "aliases": ["n.R"] to n.S' },
    ]);
    expect(renamed({ aliases: ['n.R'] })).toMatchObject([
      { kind: 'TYPE_RENAMED', suggestion: null },
    ]);
  });

  it('ends at types that contain themselves', () => {
    const list = [{ name: 'next', type: ['null', 'R'] }];
    expect(changes(list, list)).toEqual([]);
  });
});
