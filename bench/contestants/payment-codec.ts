import type { Schema } from 'avsc';
import avsc from 'avsc';
import { PAYMENT_SCHEMA } from '../payment-schema.ts';

/** A payment as avsc gives it: the timestamp is a number of milliseconds. */
export interface DecodedPayment {
  readonly paymentId: string;
  readonly userId: string;
  readonly amount: number;
  readonly method: string;
  readonly occurredAt: number;
}

const HEADER_BYTES = 5;
const type = avsc.Type.forSchema(JSON.parse(PAYMENT_SCHEMA) as Schema);

/**
 * Decodes a value in Confluent's format as a hand-written loop does: it knows its one schema, so
 * the header is skipped.
 */
export function decodePayment(value: Buffer | null): DecodedPayment {
  if (value === null) throw new TypeError('the workload has no tombstones');
  return type.fromBuffer(value.subarray(HEADER_BYTES)) as DecodedPayment;
}

/** Encodes a payment in Confluent's format as a hand-written producer does. */
export function encodePayment(payment: DecodedPayment, schemaId: number): Buffer {
  const avro = type.toBuffer(payment);
  const value = Buffer.allocUnsafe(HEADER_BYTES + avro.length);
  value[0] = 0;
  value.writeInt32BE(schemaId, 1);
  value.set(avro, HEADER_BYTES);
  return value;
}
