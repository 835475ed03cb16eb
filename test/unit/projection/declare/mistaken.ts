import { expect } from 'vitest';
import { defineAvroEvent } from '../../../../src/event/define-avro-event.ts';
import type { Field } from '../../../../src/event/field-type.ts';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import { begin } from '../../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../../src/projection/declare/table-projection.ts';
import { WindowedProjection } from '../../../../src/projection/declare/windowed-projection.ts';
import type { Projection } from '../../../../src/projection/plan/projection.ts';
import { isRepriseError } from '../../../../src/reprise-error.ts';

type Method =
  | 'time'
  | 'key'
  | 'keys'
  | 'where'
  | 'window'
  | 'session'
  | 'pattern'
  | 'table'
  | 'main'
  | 'on'
  | 'lookup'
  | 'measure'
  | 'onClose'
  | 'row'
  | 'alert'
  | 'onTimeout'
  | 'index';

/** A step of any builder, without its types: what somebody without the compiler may write. */
export type Step = { readonly [Name in Method]: (...given: readonly unknown[]) => Step };

/** The steps of a pattern, without their types. */
type LoosePattern = {
  readonly [Name in
    | 'next'
    | 'followedBy'
    | 'followedByAny'
    | 'notNext'
    | 'notFollowedBy'
    | 'times'
    | 'timesOrMore'
    | 'oneOrMore'
    | 'optional'
    | 'greedy'
    | 'consecutive'
    | 'allowCombinations'
    | 'until'
    | 'within'
    | 'afterMatch']: (...given: readonly unknown[]) => LoosePattern;
};

/** Begins a pattern, without its types. */
export const loose = begin as unknown as (...given: readonly unknown[]) => LoosePattern;

/** What `define` of a mistaken class returns; `from` and `table` are the class's own. */
export type Define = (from: Step['key'], table: Step['key']) => unknown;

/** What is written, its code, and what the message must match: class, step and field. */
export type Mistake = readonly [written: string, define: Define, message: RegExp];

/** What a class calls itself. */
export interface Head {
  readonly name?: unknown;
  readonly version?: unknown;
}

const acted: readonly Field[] = [
  { name: 'userId', type: { kind: 'string' }, nullable: false },
  { name: 'tenantId', type: { kind: 'long' }, nullable: false },
  { name: 'action', type: { kind: 'enum', symbols: ['VIEW', 'CLICK'] }, nullable: false },
  { name: 'value', type: { kind: 'double' }, nullable: false },
  { name: 'score', type: { kind: 'double' }, nullable: true },
  { name: 'price', type: { kind: 'decimal', precision: 18, scale: 2 }, nullable: false },
  { name: 'day', type: { kind: 'date' }, nullable: false },
  { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  { name: 'flag', type: { kind: 'boolean' }, nullable: false },
  { name: 'blob', type: { kind: 'bytes' }, nullable: false },
  { name: 'nested', type: { kind: 'other' }, nullable: false },
  { name: 'Odd', type: { kind: 'string' }, nullable: false },
  { name: 'naïve', type: { kind: 'string' }, nullable: false },
  { name: 'user_id', type: { kind: 'string' }, nullable: false },
  { name: 'xmin', type: { kind: 'string' }, nullable: false },
  { name: 'sessionId', type: { kind: 'string' }, nullable: false },
  { name: 'matchedAt', type: { kind: 'string' }, nullable: false },
  { name: 'windowStart', type: { kind: 'string' }, nullable: false },
  { name: 'f'.repeat(60), type: { kind: 'double' }, nullable: true },
];

const define = (name: string, topic: string, key: string | undefined, fields: readonly Field[]) =>
  defineAvroEvent<Readonly<Record<string, unknown>>>({
    name,
    topic,
    ...(key === undefined ? {} : { key }),
    time: 'at',
    fields,
    schema: '{}',
  });

export const Acted = define('Acted', 'acted', 'userId', acted);
/** The same record, defined a second time. */
export const ActedAgain = define('Acted', 'acted', 'userId', acted);
/** Its records have no key. */
export const Unkeyed = define('Unkeyed', 'unkeyed', undefined, acted);
/** Has fields of the same names as `Acted`, of other types. */
export const Paid = define('Paid', 'payments', 'userId', [
  { name: 'userId', type: { kind: 'string' }, nullable: false },
  { name: 'tenantId', type: { kind: 'string' }, nullable: false },
  { name: 'value', type: { kind: 'long' }, nullable: false },
  { name: 'action', type: { kind: 'enum', symbols: ['PAY'] }, nullable: false },
  { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
]);
/** What is published. */
export const Told = define('Told', 'told', 'userId', [
  { name: 'userId', type: { kind: 'string' }, nullable: false },
  { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
]);
/** Two events of one topic that only Avro could tell apart. */
export const Json = { ...Acted, name: 'Json', topic: 'json', format: 'json' };
export const OtherJson = { ...Json, name: 'OtherJson' };

type Fields<P> = { readonly [Name in keyof P]: P[Name] };

const headOf = ({ name = 'metrics', version = 1 }: Head) =>
  ({ name, version }) as Fields<Pick<Projection, 'name' | 'version'>>;

/** A windowed projection that is declared so. */
export function windowed(declare: Define, head: Head = {}): Projection {
  class Metrics extends WindowedProjection {
    readonly name = headOf(head).name;
    readonly version = headOf(head).version;
    define() {
      return declare(this.from as unknown as Step['key'], NO_TABLE) as never;
    }
  }
  return new Metrics();
}

/** A session projection that is declared so. */
export function session(declare: Define, head: Head = {}): Projection {
  class Visits extends SessionProjection {
    readonly name = headOf(head).name;
    readonly version = headOf(head).version;
    define() {
      return declare(this.from as unknown as Step['key'], NO_TABLE) as never;
    }
  }
  return new Visits();
}

/** A pattern projection that is declared so. */
export function pattern(declare: Define, head: Head = {}): Projection {
  class Fraud extends PatternProjection {
    readonly name = headOf(head).name;
    readonly version = headOf(head).version;
    define() {
      return declare(this.from as unknown as Step['key'], NO_TABLE) as never;
    }
  }
  return new Fraud();
}

/** A table projection that is declared so. */
export function table(declare: Define, head: Head = {}): Projection {
  class Accounts extends TableProjection {
    readonly name = headOf(head).name;
    readonly version = headOf(head).version;
    define() {
      const from = this.from as unknown as Step['key'];
      return declare(from, this.table as unknown as Step['key']) as never;
    }
  }
  return new Accounts();
}

const NO_TABLE: Step['key'] = () => {
  throw new TypeError('only table projections begin with a table');
};

/** The projection must be refused, with a message that matches. */
export function expectMistake(projection: Projection, message: RegExp): void {
  let thrown: unknown;
  try {
    compileProjection(projection);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toSatisfy((error) => isRepriseError(error, 'DEFINITION_INVALID'));
  expect((thrown as Error).message).toMatch(message);
}
