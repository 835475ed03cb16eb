import { describe, expect, it } from 'vitest';
import { normalText } from '../../../../src/avro/schema/normal-text.ts';
import { parseSchema } from '../../../../src/avro/schema/parse-schema.ts';
import { Random } from '../../../support/avro/random.ts';
import { randomRecord } from '../../../support/avro/schema-generator.ts';

describe('normalText', () => {
  it.each([
    ['white space', '{ "type" : "array",\n "items":"int" }', '{"items":"int","type":"array"}'],
    ['a wrapped primitive', '{"type":"string"}', '"string"'],
    ['a bare primitive', 'string', '"string"'],
    ['a type in a type', '{"type":{"type":"string"}}', '"string"'],
    [
      'name and namespace',
      '{"type":"fixed","size":2,"name":"F","namespace":"a.b"}',
      '{"name":"a.b.F","type":"fixed","size":2}',
    ],
    [
      'the default order',
      '{"type":"record","name":"R","fields":[{"name":"x","order":"ascending","type":"int"}]}',
      '{"type":"record","name":"R","fields":[{"type":"int","name":"x"}]}',
    ],
    [
      'a name used inside its namespace',
      '{"type":"record","name":"R","namespace":"n","fields":[{"name":"x","type":["null","R"]}]}',
      '{"type":"record","name":"n.R","fields":[{"name":"x","type":["null","n.R"]}]}',
    ],
  ])('is the same whatever the spelling: %s', (_, one, other) => {
    expect(normalText(one)).toBe(normalText(other));
  });

  it.each([
    ['docs', '{"type":"enum","name":"E","symbols":["A"],"doc":"x"}'],
    ['logical types', '{"type":"long","logicalType":"timestamp-millis"}'],
    ['custom attributes', '{"type":"string","pii":true}'],
    ['aliases', '{"type":"enum","name":"E","symbols":["A"],"aliases":["F"]}'],
    ['defaults', '{"type":"enum","name":"E","symbols":["A"],"default":"A"}'],
  ])('keeps %s', (what, text) => {
    const { doc, logicalType, pii, aliases, default: fallback, ...bare } = JSON.parse(text);
    expect(normalText(text), what).not.toBe(normalText(JSON.stringify(bare)));
  });

  it('means what the text means, and is its own normal text', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const text = JSON.stringify(randomRecord(new Random(seed), 'verdicts'));
      const normal = normalText(text);
      expect(parseSchema(normal, 'it'), `seed ${seed}`).toEqual(parseSchema(text, 'it'));
      expect(normalText(normal), `seed ${seed}`).toBe(normal);
    }
  });

  it('leaves a text alone whose numbers a double does not hold', () => {
    const field = (fallback: string) =>
      ` {"type":"record","name":"R","fields":[{"name":"x","type":"long","default":${fallback}}]}`;
    expect(normalText(field('9007199254740993'))).toBe(field('9007199254740993').trim());
  });

  it('keeps a key called __proto__ an ordinary one', () => {
    const text = '{"type":"string","__proto__":{"a":1}}';
    expect(normalText(text)).toContain('"__proto__":{"a":1}');
  });

  it('refuses what nests without end', () => {
    const depth = 50_000;
    const text = `{"type":"string","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(() => normalText(text)).toThrow(/nests deeper/);
  });
});
