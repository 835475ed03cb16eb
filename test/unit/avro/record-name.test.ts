import { describe, expect, it } from 'vitest';
import { claimsRecord } from '../../../src/avro/decode/claims-record.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';

const record = (name: string, more: object = {}) =>
  JSON.stringify({ type: 'record', name, fields: [], ...more });

const eventOf = (schema: string): EventDefinition =>
  defineAvroEvent({ name: 'Closed', topic: 'accounts', fields: [], schema }) as EventDefinition;

describe('a writer schema is an event', () => {
  it('by its record name, without namespaces', () => {
    const event = eventOf(record('Closed', { namespace: 'shop' }));
    expect(claimsRecord(event, record('Closed'))).toBe(true);
    expect(claimsRecord(event, record('Closed', { namespace: 'bank' }))).toBe(true);
    expect(claimsRecord(event, record('bank.Closed'))).toBe(true);
    expect(claimsRecord(event, record('Opened', { namespace: 'shop' }))).toBe(false);
  });

  it('by an alias of the event, not of the writer', () => {
    const event = eventOf(record('Closed', { aliases: ['shop.Ended'] }));
    expect(claimsRecord(event, record('Ended'))).toBe(true);
    expect(claimsRecord(event, record('Gone', { aliases: ['Closed'] }))).toBe(false);
  });

  it('by the name of a recorded version', () => {
    const version = eventOf(record('Shut'));
    const event = {
      ...eventOf(record('Closed')),
      evolution: { versions: [version], upcasters: [] },
    };
    expect(claimsRecord(event, record('Shut'))).toBe(true);
  });

  it('where one branch of a union is; never where it has no name', () => {
    const event = eventOf(record('Closed'));
    const union = (...names: string[]) => `[${names.map((name) => record(name)).join(',')}]`;
    expect(claimsRecord(event, union('Opened', 'Closed'))).toBe(true);
    expect(claimsRecord(event, union('Opened', 'Moved'))).toBe(false);
    expect(claimsRecord(event, '"string"')).toBe(false);
  });

  it('where it is not JSON: such records are reported, not passed over', () => {
    expect(claimsRecord(eventOf(record('Closed')), 'syntax = "proto3";')).toBe(true);
  });
});
