import type { Arbitrary } from 'fast-check';
import { dateRangeMs, dateText } from '../avro/decode/value-type.ts';
import {
  type AvroType,
  type Logical,
  logicalOf,
  type RecordType,
} from '../avro/schema/avro-type.ts';
import { branchName, isWrapped } from '../avro/schema/branch-name.ts';
import { parseRecordSchema } from '../avro/schema/parse-schema.ts';
import { Decimal } from '../event/decimal.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { fastCheck } from './fast-check.ts';

const DAYS_MAX = dateRangeMs / 86_400_000;

/** Depth from which recursive types end if they can. */
const DEPTH_MAX = 4;

/**
 * Generates events of an Avro definition (with fast-check, an optional peer dependency): every
 * value that its schema allows, as TypeScript values.
 * @throws SCHEMA_INVALID, CONFIG_INVALID without fast-check
 * @example
 * const [drawn] = fc.sample(eventArbitrary(LoginAttempted), 1);
 * expect(['SUCCESS', 'FAILURE']).toContain(drawn?.result);
 */
export function eventArbitrary<Event>(event: EventDefinition<Event>): Arbitrary<Event> {
  const record = parseRecordSchema(event.schemaText ?? '', `event ${event.name}`);
  return new Values(fastCheck('eventArbitrary')).record(record, 0) as Arbitrary<Event>;
}

class Values {
  private readonly fc: typeof import('fast-check');

  constructor(fc: typeof import('fast-check')) {
    this.fc = fc;
  }

  record(type: RecordType, depth: number): Arbitrary<unknown> {
    const fields = type.fields.map(
      (field) => [field.name, this.of(field.type, depth + 1)] as const,
    );
    return this.fc.record(Object.fromEntries(fields), { noNullPrototype: true });
  }

  private of(type: AvroType, depth: number): Arbitrary<unknown> {
    const { fc } = this;
    const logical = logicalOf(type);
    if (logical !== null) return this.logical(logical);
    switch (type.kind) {
      case 'record':
        return this.record(type, depth);
      case 'array':
        return depth > DEPTH_MAX
          ? fc.constant([])
          : fc.array(this.of(type.items, depth + 1), { maxLength: 4 });
      case 'map':
        return depth > DEPTH_MAX ? fc.constant({}) : this.map(this.of(type.values, depth + 1));
      case 'union':
        return this.union(type, depth);
      case 'enum':
        return fc.constantFrom(...type.symbols);
      case 'fixed':
        return this.bytes(type.size, type.size);
      default:
        return this.plain(type.kind);
    }
  }

  private plain(kind: string): Arbitrary<unknown> {
    const { fc } = this;
    switch (kind) {
      case 'null':
        return fc.constant(null);
      case 'boolean':
        return fc.boolean();
      case 'int':
        return fc.integer();
      case 'long':
        return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
      case 'float':
        return fc.float();
      case 'double':
        return fc.double();
      case 'bytes':
        return this.bytes(0, 16);
      default:
        return fc.string({ unit: 'grapheme' });
    }
  }

  private logical(logical: Logical): Arbitrary<unknown> {
    const { fc } = this;
    switch (logical.name) {
      case 'uuid':
        return fc.uuid();
      case 'date':
        return fc.integer({ min: -DAYS_MAX, max: DAYS_MAX }).map(dateText);
      case 'timestamp-millis':
        return fc.date({ noInvalidDate: true });
      case 'timestamp-micros':
        return this.plain('long');
      case 'decimal': {
        const limit = 10n ** BigInt(logical.precision) - 1n;
        return fc
          .bigInt({ min: -limit, max: limit })
          .map((unscaled) => new Decimal(unscaled, logical.scale));
      }
    }
  }

  private union(type: AvroType & { kind: 'union' }, depth: number): Arbitrary<unknown> {
    const { fc } = this;
    const nothing = type.branches.find(({ kind }) => kind === 'null');
    if (depth > DEPTH_MAX && nothing !== undefined) return fc.constant(null);
    const branches = type.branches.map((branch) => {
      const values = this.of(branch, depth + 1);
      if (branch.kind === 'null' || !isWrapped(type)) return values;
      return values.map((value) => ({ [branchName(branch)]: value }));
    });
    return fc.oneof(...branches);
  }

  private map(values: Arbitrary<unknown>): Arbitrary<unknown> {
    const { fc } = this;
    return fc.dictionary(fc.string(), values, { maxKeys: 4, noNullPrototype: true });
  }

  private bytes(minLength: number, maxLength: number): Arbitrary<Buffer> {
    return this.fc.uint8Array({ minLength, maxLength }).map((each) => Buffer.from(each));
  }
}
