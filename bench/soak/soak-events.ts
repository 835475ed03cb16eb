import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';

const KINDS = ['A', 'B', 'C'] as const;
/** Bytes of a reading that no projection looks at. */
const PAYLOAD_BYTES = 8 * 1024;
/**
 * Devices in all, and those that are awake at one time: they sleep long enough for their sessions
 * to close.
 */
const DEVICES = 500;
const AWAKE = 20;
const EVENTS_AWAKE = 2_000;
const EVENTS_APART_MS = 5;
const START_MS = Date.UTC(2026, 0, 1);

/** A large event: most of the bytes. */
export interface Reading {
  readonly device: string;
  readonly region: string;
  readonly kind: (typeof KINDS)[number];
  readonly value: number;
  readonly at: Date;
  readonly payload: Buffer;
}

/** A small event of the same devices. */
export interface Order {
  readonly device: string;
  readonly amount: number;
  readonly at: Date;
}

/** What the pattern publishes. */
export interface Alarm {
  readonly device: string;
  readonly at: Date;
}

/** The three events on topics whose names begin with `prefix`. */
export interface SoakEvents {
  readonly reading: EventDefinition<Reading>;
  readonly order: EventDefinition<Order>;
  readonly alarm: EventDefinition<Alarm>;
}

const TIME = { type: 'long', logicalType: 'timestamp-millis' } as const;
const deviceField = { name: 'device', type: { kind: 'string' }, nullable: false } as const;
const timeField = { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false } as const;

/** Definitions of the events of one soak. */
export function soakEvents(prefix: string): SoakEvents {
  return {
    reading: defineAvroEvent<Reading>({
      name: 'Reading',
      topic: `${prefix}-readings`,
      key: 'device',
      time: 'at',
      fields: [
        deviceField,
        { name: 'region', type: { kind: 'string' }, nullable: false },
        { name: 'kind', type: { kind: 'enum', symbols: KINDS }, nullable: false },
        { name: 'value', type: { kind: 'double' }, nullable: false },
        timeField,
        { name: 'payload', type: { kind: 'bytes' }, nullable: false },
      ],
      schema: schemaText('Reading', [
        { name: 'device', type: 'string' },
        { name: 'region', type: 'string' },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: KINDS } },
        { name: 'value', type: 'double' },
        { name: 'at', type: TIME },
        { name: 'payload', type: 'bytes' },
      ]),
    }),
    order: defineAvroEvent<Order>({
      name: 'Order',
      topic: `${prefix}-orders`,
      key: 'device',
      time: 'at',
      fields: [
        deviceField,
        { name: 'amount', type: { kind: 'double' }, nullable: false },
        timeField,
      ],
      schema: schemaText('Order', [
        { name: 'device', type: 'string' },
        { name: 'amount', type: 'double' },
        { name: 'at', type: TIME },
      ]),
    }),
    alarm: defineAvroEvent<Alarm>({
      name: 'Alarm',
      topic: `${prefix}-alarms`,
      key: 'device',
      time: 'at',
      fields: [deviceField, timeField],
      schema: schemaText('Alarm', [
        { name: 'device', type: 'string' },
        { name: 'at', type: TIME },
      ]),
    }),
  };
}

/** Bytes of a reading in the log, nearly. */
export const READING_BYTES = PAYLOAD_BYTES + 60;

/** The `index`-th event: a reading, or an order. The same for every run. */
export function readingAt(index: number): Reading {
  const place = placeAt(index);
  return {
    ...place,
    region: `region-${index % 7}`,
    kind: KINDS[(index * 7) % 3] ?? 'A',
    value: (index * 7_919) % 1_000,
    payload: PAYLOAD,
  };
}

/** The order beside the reading of the same index. */
export function orderAt(index: number): Order {
  return { ...placeAt(index), amount: (index * 31) % 500 };
}

const PAYLOAD = Buffer.alloc(PAYLOAD_BYTES, 'what no projection looks at ');

function placeAt(index: number): { readonly device: string; readonly at: Date } {
  const group = Math.floor(index / EVENTS_AWAKE);
  const device = (group * AWAKE + (index % AWAKE)) % DEVICES;
  return { device: `device-${device}`, at: new Date(START_MS + index * EVENTS_APART_MS) };
}

function schemaText(name: string, fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name, namespace: 'soak', fields });
}
