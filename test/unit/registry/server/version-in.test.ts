import { describe, expect, test } from 'vitest';
import { draftIn, scopeOf, versionIn } from '../../../../src/registry/server/version-in.ts';

describe('a version in a path', () => {
  test.each([
    ['1', 1],
    ['2147483647', 2_147_483_647],
    ['latest', 'latest'],
    ['-1', 'latest'],
  ])('%s is %s', (text, version) => expect(versionIn(text)).toBe(version));

  test.each(['0', '-2', '1.5', '2147483648', 'newest', '', ' 1'])('"%s" is refused', (text) => {
    expect(() => versionIn(text)).toThrow(`The specified version '${text}' is not a valid`);
  });
});

test.each([
  [{}, 'live'],
  [{ deleted: 'true' }, 'all'],
  [{ deleted: 'False' }, 'live'],
  [{ deletedOnly: 'True' }, 'deleted'],
  [{ deleted: 'true', deletedOnly: 'true' }, 'deleted'],
])('the query %j asks for %s versions', (query, scope) => expect(scopeOf(query)).toBe(scope));

describe('the schema in a body', () => {
  test('holds what was given; 0 and -1 are no id and no version', () => {
    const references = [{ name: 'a.B', subject: 'b', version: 2 }];
    const body = { schema: '"int"', schemaType: 'avro', references, id: -1, version: 0 };
    expect(draftIn(body, { normalize: 'true' })).toEqual({
      schemaText: '"int"',
      normalize: true,
      references,
    });
    expect(draftIn({ schema: '"int"', id: 7, version: 3 }, {})).toMatchObject({
      id: 7,
      version: 3,
      normalize: false,
    });
  });

  test.each([
    [undefined, 'Empty schema'],
    [{ schema: ' ' }, 'Empty schema'],
    [{ schema: 5 }, 'schema: '],
    [{ schema: '"int"', schemaType: 'PROTOBUF' }, 'Invalid schema type PROTOBUF'],
    [{ schema: '"int"', references: [{ name: 'a', subject: 'b', version: 0 }] }, 'references.0'],
    [{ schema: '"int"', metadata: {} }, 'does not keep metadata'],
    [{ schema: '"int"', ruleSet: {} }, 'does not keep rule sets'],
  ])('%j is refused: %s', (body, words) => expect(() => draftIn(body, {})).toThrow(words));
});
