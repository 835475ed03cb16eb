import type { Decimal } from '../../../src/event/decimal.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';

/** Events of a small bank, for tests of the kit and of tables. */
export interface Opened {
  readonly owner: string;
  readonly account: string;
  readonly at: Date;
}
/** An account was opened. */
export const Opened = defineAvroEvent<Opened>({
  name: 'Opened',
  topic: 'bank',
  key: 'owner',
  time: 'at',
  fields: [
    { name: 'owner', type: { kind: 'string' }, nullable: false },
    { name: 'account', type: { kind: 'string' }, nullable: false },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Opened',
    fields: [
      { name: 'owner', type: 'string' },
      { name: 'account', type: 'string' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});

/** Money went from one account of an owner to another. */
export interface Moved {
  readonly owner: string;
  readonly from: string;
  readonly to: string;
  readonly amount: Decimal;
  readonly note: string | null;
  readonly at: Date;
}
/** Money went from one account of an owner to another. */
export const Moved = defineAvroEvent<Moved>({
  name: 'Moved',
  topic: 'bank',
  key: 'owner',
  time: 'at',
  fields: [
    { name: 'owner', type: { kind: 'string' }, nullable: false },
    { name: 'from', type: { kind: 'string' }, nullable: false },
    { name: 'to', type: { kind: 'string' }, nullable: false },
    { name: 'amount', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: false },
    { name: 'note', type: { kind: 'string' }, nullable: true },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Moved',
    fields: [
      { name: 'owner', type: 'string' },
      { name: 'from', type: 'string' },
      { name: 'to', type: 'string' },
      { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
      { name: 'note', type: ['null', 'string'] },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});

/** What is known of an owner; on a topic of its own. */
export interface Named {
  readonly owner: string;
  readonly name: string | null;
  readonly at: Date;
}
/** What is known of an owner; on a topic of its own. */
export const Named = defineAvroEvent<Named>({
  name: 'Named',
  topic: 'owners',
  key: 'owner',
  time: 'at',
  fields: [
    { name: 'owner', type: { kind: 'string' }, nullable: false },
    { name: 'name', type: { kind: 'string' }, nullable: true },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Named',
    fields: [
      { name: 'owner', type: 'string' },
      { name: 'name', type: ['null', 'string'] },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});
