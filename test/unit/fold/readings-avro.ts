import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';

/** Events of the law tests. */
export interface Read {
  readonly user: string;
  readonly kind: 'A' | 'B' | 'C';
  readonly value: number;
  readonly total: bigint | null;
  readonly page: string | null;
  readonly at: Date;
}

/** An Avro event with fields of most types. */
export const Read = readEvent('Read', 'reads');
/** The same on another topic. */
export const Other = readEvent('Other', 'others');
/** Another event on the first topic. */
export const Second = readEvent('Second', 'reads');

function readEvent(name: string, topic: string) {
  return defineAvroEvent<Read>({
    name,
    topic,
    key: 'user',
    time: 'at',
    fields: [
      { name: 'user', type: { kind: 'string' }, nullable: false },
      { name: 'kind', type: { kind: 'enum', symbols: ['A', 'B', 'C'] }, nullable: false },
      { name: 'value', type: { kind: 'double' }, nullable: false },
      { name: 'total', type: { kind: 'long' }, nullable: true },
      { name: 'page', type: { kind: 'string' }, nullable: true },
      { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
    ],
    schema: JSON.stringify({
      type: 'record',
      name,
      fields: [
        { name: 'user', type: 'string' },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B', 'C'] } },
        { name: 'value', type: 'double' },
        { name: 'total', type: ['null', 'long'] },
        { name: 'page', type: ['null', 'string'] },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      ],
    }),
  });
}
