import { assert, property } from 'fast-check';
import type { EventDefinition, Upcaster } from 'reprise';
import { columns, defineAvroEvent, int, TableProjection, text, upcaster } from 'reprise';
import { checkUpcasters, eventArbitrary, scenario, upcastEvent } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { assertionMessage } from './assertion-message.ts';

interface PersonV1 {
  readonly id: string;
  readonly name: string;
}
interface Person {
  readonly id: string;
  readonly first: string;
  readonly last: string;
}

const id = { name: 'id', type: { kind: 'string' }, nullable: false } as const;
const schemaOf = (name: string, ...fields: readonly string[]) =>
  JSON.stringify({
    type: 'record',
    name,
    fields: fields.map((each) => ({ name: each, type: 'string' })),
  });

/** The record had another name then. */
const PersonV1 = defineAvroEvent<PersonV1>({
  name: 'Human',
  topic: 'people',
  key: 'id',
  fields: [id, { ...id, name: 'name' }],
  schema: schemaOf('Human', 'id', 'name'),
});
const PersonV2 = defineAvroEvent<Person>({
  name: 'Person',
  topic: 'people',
  key: 'id',
  fields: [id, { ...id, name: 'first' }, { ...id, name: 'last' }],
  schema: schemaOf('Person', 'id', 'first', 'last'),
});
const Left = defineAvroEvent<{ readonly id: string }>({
  name: 'Left',
  topic: 'people',
  key: 'id',
  fields: [id],
  schema: schemaOf('Left', 'id'),
});

function person(up: (event: PersonV1) => Person): EventDefinition<Person> {
  const upcasters: readonly Upcaster[] = [upcaster(PersonV1, PersonV2, up)];
  const { name, topic, fields, schemaText: schema = '' } = PersonV2;
  return defineAvroEvent<Person>({
    name,
    topic,
    key: 'id',
    fields,
    schema,
    versions: [PersonV1, PersonV2],
    upcasters,
  });
}

const split = person(({ id: key, name }) => {
  const [first = '', ...rest] = name.split(' ');
  return { id: key, first, last: rest.join(' ') };
});

class People extends TableProjection {
  readonly name = 'people';
  readonly version = 1;
  define() {
    return this.table(columns({ id: text().primaryKey(), last: text(), seen: int() }))
      .key('id')
      .on(split, (row, { id: key, last }) => ({ id: key, last, seen: (row?.seen ?? 0) + 1 }))
      .on(Left, () => null);
  }
}

describe('the kit for upcasters', () => {
  test('shows what an old event reads as', () => {
    expect(upcastEvent(split, PersonV1, { id: '1', name: 'Ada King Lovelace' })).toEqual({
      id: '1',
      first: 'Ada',
      last: 'King Lovelace',
    });
  });

  test('passes upcasters that are pure and lift everything', () => {
    checkUpcasters(split);
  });

  test.each([
    [
      'throws',
      (event: PersonV1) => ({
        id: event.id,
        first: event.name
          .slice(0, 1)
          .padStart(1)
          .repeat(1 / event.name.length),
        last: '',
      }),
    ],
    ['is not of the next version', ({ id: key }: PersonV1) => ({ id: key, first: '' }) as never],
    [
      'asks the clock',
      ({ id: key }: PersonV1) => ({ id: key, first: String(Date.now()), last: '' }),
    ],
    [
      'changes its input',
      (event: PersonV1) => Object.assign(event, { first: '', last: '' }) as unknown as Person,
    ],
  ])('names the smallest event for which one %s', (_, up) => {
    const message = assertionMessage(() => checkUpcasters(person(up)));
    expect(message).toContain('an event of version 1 does not read as one of today');
    expect(message).toMatch(/Repeat it with \{ seed: -?\d+, path: /);
  });

  test('has nothing to check without upcasters', () => {
    expect(assertionMessage(() => checkUpcasters(Left))).toBe('Left has no upcasters to check.');
  });
});

test('a projection folds renamed records of old, beside another kind on the topic', () => {
  const s = scenario(new People());
  s.publish(PersonV1, { id: '1', name: 'Ada Lovelace' });
  s.publish(PersonV1, { id: '2', name: 'Bob' });
  s.publish(split, { id: '1', first: 'Ada', last: 'King' });
  s.publish(Left, { id: '2' });
  expect(s.rows()).toEqual([{ id: '1', last: 'King', seen: 2 }]);
  expect(s.replay().rows()).toEqual(s.rows());
});

test('events drawn are events, whatever the schema holds', () => {
  const part = {
    type: 'record',
    name: 'Node',
    fields: [
      { name: 'when', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 3 } },
      { name: 'either', type: ['null', 'int', 'string'] },
      { name: 'tags', type: { type: 'map', values: 'boolean' } },
      { name: 'next', type: ['null', 'Node'] },
      { name: 'all', type: { type: 'array', items: 'Node' } },
    ],
  };
  const node = defineAvroEvent({
    name: 'Node',
    topic: 't',
    fields: [],
    schema: JSON.stringify(part),
  });
  const encoder = createEventEncoder(node);
  assert(property(eventArbitrary(node), (value) => encoder.encode(value, 1).length > 5));
});
