import { expect, it } from 'vitest';
import { definitionsText } from '../../../src/avro/generate/definitions-text.ts';
import { checkGenerated } from '../../../src/schemas/write-generated.ts';

function file(extra: object, type: unknown = 'string'): { name: string; text: string } {
  const schema = {
    type: 'record',
    name: 'A',
    fields: [{ name: 'id', type }],
    topic: 'a',
    ...extra,
  };
  return { name: 'a.avsc', text: JSON.stringify(schema) };
}

it('finds the committed definitions up to date', async () => {
  await expect(checkGenerated('schemas')).resolves.toContain('schemas/index.ts');
});

it('writes an interface whose types follow the schema', () => {
  const text = definitionsText([file({ key: 'id' }, { type: 'long' })]);
  expect(text).toContain('readonly id: bigint;');
  expect(text).toContain('key: "id"');
});

it('writes out the types of other files, which are no events of their own', () => {
  const address = '{"type":"record","name":"Address","namespace":"n","fields":[]}';
  const text = definitionsText([
    { name: 'address.avsc', text: address },
    file({ namespace: 'n' }, 'Address'),
  ]);
  expect(text).not.toContain('export const Address');
  expect(text).toContain('isComposed: true');
  expect(text).toMatch(/schema: .*fields\\":\[\]/);
});

it.each([
  [file({ key: 'nope' }), /a\.avsc, field nope/],
  [file({ time: 'id' }), /a\.avsc, field id: is the "time" but of type string/],
  [file({}, 'strng'), /a\.avsc, field id: has unknown type "strng"/],
  [
    file({
      key: 'name',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'name', type: 'string', pii: 'id' },
      ],
    }),
    /a\.avsc, field name: is the "key".*cannot be "pii"/,
  ],
  [{ name: 'a.avsc', text: '{' }, /a\.avsc is not JSON/],
])('names file and field of what is wrong (%#)', (schema, message) => {
  expect(() => definitionsText([schema])).toThrow(message);
});
