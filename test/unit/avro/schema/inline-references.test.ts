import { describe, expect, it } from 'vitest';
import { inlineReferences } from '../../../../src/avro/schema/inline-references.ts';
import { parseSchema } from '../../../../src/avro/schema/parse-schema.ts';
import { parseSource } from '../../../../src/avro/schema/schema-source.ts';

const money = JSON.stringify({
  type: 'record',
  name: 'Money',
  namespace: 'shop.values',
  fields: [
    { name: 'currency', type: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'] } },
    { name: 'next', type: ['null', 'Money'], default: null },
  ],
});
const order = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'total', type: 'shop.values.Money' },
    { name: 'parts', type: { type: 'array', items: 'shop.values.Money' } },
    { name: 'paidIn', type: { type: 'map', values: 'shop.values.Currency' } },
  ],
});

describe('inlineReferences', () => {
  it('gives a text without references back as it is', () => {
    expect(inlineReferences(' "string"\n', [])).toBe(' "string"\n');
  });

  it('makes one text that means what text and references meant', () => {
    const text = inlineReferences(order, [money]);
    expect(parseSchema(text, 'inlined')).toEqual(
      parseSource({ schemaText: order, references: [money] }, 'referring'),
    );
  });

  it('puts a part of a foreign type in when the part is used first', () => {
    const schemaText = JSON.stringify({
      type: 'record',
      name: 'Price',
      fields: [
        { name: 'currency', type: 'shop.values.Currency' },
        { name: 'money', type: 'shop.values.Money' },
      ],
    });
    const text = inlineReferences(schemaText, [money]);
    const price = parseSchema(text, 'inlined');
    expect(price).toMatchObject({
      fields: [
        { type: { kind: 'enum', name: 'shop.values.Currency' } },
        { type: { kind: 'record', name: 'shop.values.Money' } },
      ],
    });
  });

  it('follows references through references', () => {
    const basket = JSON.stringify({
      type: 'record',
      name: 'Basket',
      namespace: 'shop',
      fields: [{ name: 'orders', type: { type: 'array', items: 'Order' } }],
    });
    const text = inlineReferences(basket, [money, order]);
    expect(parseSchema(text, 'inlined')).toEqual(
      parseSource({ schemaText: basket, references: [money, order] }, 'referring'),
    );
  });

  it('finds types without a namespace from inside one', () => {
    const bare = JSON.stringify({ type: 'fixed', name: 'Hash', size: 4 });
    const user = JSON.stringify({
      type: 'record',
      name: 'User',
      namespace: 'deep.inside',
      fields: [{ name: 'hash', type: 'Hash' }],
    });
    expect(parseSchema(inlineReferences(user, [bare]), 'inlined')).toMatchObject({
      fields: [{ type: { kind: 'fixed', name: 'Hash', size: 4 } }],
    });
  });

  it('says which name is in none of the texts', () => {
    expect(() => inlineReferences('{"type":"array","items":"Lost"}', ['"int"'])).toThrow(
      /unknown type "Lost"/,
    );
  });
});
