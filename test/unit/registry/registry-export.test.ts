import { expect, test } from 'vitest';
import { parseRegistryExport } from '../../../src/registry/registry-export.ts';

const whole = {
  format: 1,
  registry: '0190a5a0-0000-7000-8000-000000000000',
  schemas: [{ id: 3, schema: '"int"' }],
  versions: [{ subject: 's', version: 1, id: 3, deleted: false }],
};

test('reads what was exported; levels and modes may be left out', () => {
  expect(parseRegistryExport(JSON.stringify(whole))).toEqual({
    ...whole,
    compatibility: {},
    modes: {},
  });
});

test.each([
  ['no JSON', 'it is not JSON', '{'],
  ['a number', 'it is not JSON', '5'],
  ['another format', 'its "format" is 2, not 1', { ...whole, format: 2 }],
  ['no identity', '"registry" is not a UUID', { ...whole, registry: 'mine' }],
  ['no versions', 'it lacks a list', { ...whole, versions: undefined }],
  ['an id of 0', 'schema {"id":0', { ...whole, schemas: [{ id: 0, schema: '"int"' }] }],
  [
    'a version of no schema',
    'version {"subject":"s","version":1,"id":4',
    { ...whole, versions: [{ subject: 's', version: 1, id: 4, deleted: false }] },
  ],
])('%s is refused: %s', (_, words, given) => {
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  expect(() => parseRegistryExport(text)).toThrow(words);
});
