import { expect, test } from 'vitest';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import { columns, int, text } from '../../../src/projection/declare/columns.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { scenario } from '../../../src/testing/scenario.ts';

interface Placed {
  readonly orderId: string;
  readonly customerId: string;
}

const Placed = defineAvroEvent<Placed>({
  name: 'Placed',
  topic: 'orders',
  key: 'customerId',
  fields: [
    { name: 'orderId', type: { kind: 'string' }, nullable: false },
    { name: 'customerId', type: { kind: 'string' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Placed',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'customerId', type: 'string' },
    ],
  }),
});

const orders = columns({
  orderId: text().primaryKey(),
  customerId: text().primaryKey(),
  n: int(),
  seen: int(),
});

test('a key that names the primary key in another order means its columns by name, in lookups too', () => {
  class Orders extends TableProjection {
    readonly name = 'orders';
    readonly version = 1;
    define() {
      return this.table(orders)
        .table('copies', orders)
        .on(Placed, { key: ['customerId', 'orderId'] }, (row, event) => ({
          ...event,
          n: (row?.n ?? 0) + 1,
          seen: 0,
        }))
        .main()
        .lookup('copies', 'customerId', 'orderId')
        .key('customerId', 'orderId')
        .on(Placed, (row, event, { copies, key }) => {
          expect(key).toEqual([event.orderId, event.customerId]);
          return { ...event, n: (row?.n ?? 0) + 1, seen: copies?.n ?? 0 };
        });
    }
  }
  const s = scenario(new Orders());
  s.publish(Placed, { orderId: 'o1', customerId: 'c1' });
  s.publish(Placed, { orderId: 'o1', customerId: 'c1' });
  s.publish(Placed, { orderId: 'o2', customerId: 'c1' });
  expect(s.deadLetters()).toEqual([]);
  expect(s.rows()).toEqual([
    { order_id: 'o1', customer_id: 'c1', n: 2, seen: 2 },
    { order_id: 'o2', customer_id: 'c1', n: 1, seen: 1 },
  ]);
});

test('fields of other names are taken by place', () => {
  class Orders extends TableProjection {
    readonly name = 'orders';
    readonly version = 1;
    define() {
      return this.table(columns({ buyer: text().primaryKey(), number: text().primaryKey() }))
        .key('customerId', 'orderId')
        .on(Placed, (_row, event) => ({ buyer: event.customerId, number: event.orderId }));
    }
  }
  const s = scenario(new Orders());
  s.publish(Placed, { orderId: 'o1', customerId: 'c1' });
  expect(s.rows()).toEqual([{ buyer: 'c1', number: 'o1' }]);
});
