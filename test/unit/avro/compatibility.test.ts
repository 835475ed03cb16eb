import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkCompatibility } from '../../../src/avro/compatibility/check-compatibility.ts';
import { checkHistory, explainConflicts } from '../../../src/avro/compatibility/check-history.ts';
import type { CompatibilityLevel } from '../../../src/avro/compatibility/compatibility-level.ts';
import type { Incompatibility } from '../../../src/avro/compatibility/incompatibility.ts';
import type { SchemaSource } from '../../../src/avro/schema/schema-source.ts';

interface PairCase {
  readonly id: string;
  readonly reader: SchemaSource;
  readonly writer: SchemaSource;
  readonly compatible: boolean;
  readonly incompatibility?: Partial<Incompatibility> | readonly Partial<Incompatibility>[];
}

interface HistoryCase {
  readonly id: string;
  readonly mode: CompatibilityLevel;
  readonly new: SchemaSource;
  readonly previous_oldest_first: readonly SchemaSource[];
  readonly compatible: boolean;
}

const cases = <Case>(name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`./cases/${name}.json`, import.meta.url), 'utf8')) as Case[];

describe('checkCompatibility', () => {
  for (const one of cases<PairCase>('avro_compatibility_sample')) {
    it(`agrees with Java: ${one.id}`, () => {
      const report = checkCompatibility(one);
      const wanted = [one.incompatibility ?? []].flat();
      expect(report.compatible).toBe(one.compatible);
      expect(report.incompatibilities).toMatchObject(wanted);
      expect(report.incompatibilities).toHaveLength(wanted.length);
    });
  }

  it('knows the named types of referenced schemas', () => {
    const money = (type: string) =>
      `{"type":"record","name":"a.Money","fields":[{"name":"n","type":"${type}"}]}`;
    const schemaText =
      '{"type":"record","name":"a.Paid","fields":[{"name":"amount","type":"Money"}]}';
    const pair = (reader: string, writer: string) =>
      checkCompatibility({
        reader: { schemaText, references: [money(reader)] },
        writer: { schemaText, references: [money(writer)] },
      });
    expect(pair('long', 'int').compatible).toBe(true);
    expect(pair('int', 'long').incompatibilities).toEqual([
      {
        type: 'TYPE_MISMATCH',
        location: '/fields/0/type/fields/0/type',
        message: 'reader type: INT not compatible with writer type: LONG',
      },
    ]);
  });

  it('refuses what is no schema', () => {
    const act = () => checkCompatibility({ reader: '{"type":"recrod"}', writer: '"int"' });
    expect(act).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }));
  });
});

describe('the warnings of checkCompatibility', () => {
  const record = (...fields: readonly object[]) => ({ type: 'record', name: 'R', fields });
  const field = (type: unknown, more: object = {}) => ({ name: 'f', type, ...more });
  const decimal = (scale: number) => ({
    type: 'bytes',
    logicalType: 'decimal',
    precision: 9,
    scale,
  });
  const long = (logicalType: string) => ({ type: 'long', logicalType });
  const warned = (reader: object, writer: object) =>
    checkCompatibility({ reader: { ...reader }, writer: { ...writer } }).warnings.map(
      ({ type, location }) => `${type} ${location}`,
    );

  it('name another decimal scale, also inside a union', () => {
    expect(warned(record(field(decimal(2))), record(field(decimal(4))))).toEqual([
      'DECIMAL_SCALE_CHANGED /fields/0/type',
    ]);
    expect(warned(record(field(['null', decimal(2)])), record(field(decimal(4))))).toEqual([
      'DECIMAL_SCALE_CHANGED /fields/0/type/1',
    ]);
  });

  it.each([
    ['timestamp-micros', 'timestamp-millis'],
    ['timestamp-millis', 'timestamp-nanos'],
    ['local-timestamp-millis', 'local-timestamp-micros'],
  ])('name another unit of time: %s from %s', (reader, writer) => {
    expect(warned(record(field(long(reader))), record(field(long(writer))))).toEqual([
      'TIME_UNIT_CHANGED /fields/0/type',
    ]);
  });

  it('name a logical type that came or went', () => {
    expect(warned(record(field(long('timestamp-millis'))), record(field('long')))).toEqual([
      'LOGICAL_TYPE_CHANGED /fields/0/type',
    ]);
  });

  it('name a renamed field that only its default fills, and not one with an alias', () => {
    const writer = record({ name: 'old', type: 'string' });
    const renamed = { name: 'new', type: ['null', 'string'], default: null };
    expect(warned(record(renamed), writer)).toEqual(['FIELD_MATCHED_BY_DEFAULT_ONLY /fields/0']);
    expect(warned(record({ ...renamed, aliases: ['old'] }), writer)).toEqual([]);
    expect(warned(record({ name: 'new', type: 'int', default: 0 }), writer)).toEqual([]);
  });

  it('name a field that is no longer pii, whose old values would be read as ciphertext', () => {
    const fields = (extra: object) =>
      record({ name: 'userId', type: 'string' }, { name: 'email', type: 'string', ...extra });
    expect(warned(fields({}), fields({ pii: 'userId' }))).toEqual(['PII_MARK_REMOVED /fields/1']);
    expect(warned(fields({ pii: 'userId' }), fields({}))).toEqual([]);
  });

  it('are none for a recursive schema against itself', () => {
    const tree = record(field({ type: 'array', items: 'R' }));
    expect(warned(tree, tree)).toEqual([]);
  });
});

describe('checkHistory', () => {
  for (const one of cases<HistoryCase>('registry_mode_sample')) {
    it(`agrees with the registry: ${one.id}`, () => {
      const { previous_oldest_first: history, new: next, mode } = one;
      expect(checkHistory({ history, next, mode }).compatible).toBe(one.compatible);
    });
  }

  const version = (...names: readonly string[]) => ({
    type: 'record',
    name: 'R',
    fields: names.map((name) => ({ name, type: 'int' })),
  });

  it('reads the whole history when no mode is given, and says which version fails', () => {
    const report = checkHistory({ history: [version('a'), version('a', 'b')], next: version('b') });
    expect(report.mode).toBe('BACKWARD_TRANSITIVE');
    expect(explainConflicts(report)).toEqual([
      'the new schema cannot read what version 1 wrote: READER_FIELD_MISSING_DEFAULT_VALUE at /fields/0: b',
    ]);
  });

  it.each<[CompatibilityLevel, readonly string[]]>([
    ['NONE', []],
    ['BACKWARD', ['2 BACKWARD']],
    ['FORWARD', ['2 FORWARD']],
    ['FULL', ['2 BACKWARD', '2 FORWARD']],
    ['BACKWARD_TRANSITIVE', ['2 BACKWARD', '1 BACKWARD']],
    ['FORWARD_TRANSITIVE', ['2 FORWARD', '1 FORWARD']],
    ['FULL_TRANSITIVE', ['2 BACKWARD', '2 FORWARD', '1 BACKWARD', '1 FORWARD']],
  ])('compares by mode %s', (mode, wanted) => {
    const report = checkHistory({
      history: [version('a'), version('b')],
      next: version('c'),
      mode,
    });
    expect(report.conflicts.map((one) => `${one.version} ${one.direction}`)).toEqual(wanted);
    expect(report.compatible).toBe(wanted.length === 0);
  });
});
