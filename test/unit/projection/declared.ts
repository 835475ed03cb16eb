import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import type { Field } from '../../../src/event/field-type.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import type { Measure } from '../../../src/projection/declare/aggregates.ts';
import { count } from '../../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import type { WindowOptions } from '../../../src/projection/declare/windowed-projection.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import type { WindowedPlan } from '../../../src/projection/plan/plan.ts';
import type { WindowPlan } from '../../../src/projection/plan/window-plan.ts';

/** An event whose fields are not checked by the compiler. */
export type Loose = Readonly<Record<string, number>>;

const fields: readonly Field[] = [
  { name: 'userId', type: { kind: 'string' }, nullable: false },
  { name: 'tenantId', type: { kind: 'long' }, nullable: false },
  { name: 'action', type: { kind: 'enum', symbols: ['VIEW', 'CLICK'] }, nullable: false },
  { name: 'value', type: { kind: 'double' }, nullable: false },
  { name: 'score', type: { kind: 'double' }, nullable: true },
  { name: 'total', type: { kind: 'long' }, nullable: true },
  { name: 'price', type: { kind: 'decimal', precision: 18, scale: 2 }, nullable: false },
  { name: 'day', type: { kind: 'date' }, nullable: false },
  { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  { name: 'flag', type: { kind: 'boolean' }, nullable: false },
  { name: 'blob', type: { kind: 'bytes' }, nullable: false },
  { name: 'nested', type: { kind: 'other' }, nullable: false },
  { name: 'Odd', type: { kind: 'string' }, nullable: false },
  { name: 'user_id', type: { kind: 'string' }, nullable: false },
  { name: 'naïve', type: { kind: 'string' }, nullable: false },
];

/** The test's event, keyed by a field. */
const eventKeyedBy = (key: string | undefined) =>
  defineAvroEvent<Loose>({
    name: 'Acted',
    topic: 'acted',
    ...(key === undefined ? {} : { key }),
    time: 'at',
    fields,
    schema: '{}',
  });

/** What a test declares. */
export interface Parts {
  readonly name?: string;
  readonly version?: number;
  readonly recordKey?: string | undefined;
  readonly key?: readonly string[];
  readonly where?: readonly unknown[];
  readonly window?: WindowPlan;
  readonly options?: WindowOptions;
  readonly measures?: Readonly<Record<string, unknown>>;
  readonly index?: readonly string[];
}

/** A projection of these parts; the rest is in order. */
function projectionOf(parts: Parts) {
  const event = eventKeyedBy('recordKey' in parts ? parts.recordKey : 'userId');
  class Metrics extends WindowedProjection {
    readonly name = parts.name ?? 'metrics';
    readonly version = parts.version ?? 1;
    define() {
      const keyed = this.from(event).key(...((parts.key ?? ['userId']) as [string, ...string[]]));
      const kept = (parts.where ?? []).reduce<typeof keyed>(
        (step, filter) => step.where(filter as never),
        keyed,
      );
      const defined = kept
        .window(parts.window ?? tumbling('1 minute'), parts.options)
        .measure((parts.measures ?? { events: count() }) as Record<string, Measure<Loose>>);
      return parts.index === undefined
        ? defined
        : defined.index(...(parts.index as (keyof typeof defined.__row & string)[]));
    }
  }
  return new Metrics();
}

/** The plan of a projection declared from these parts. */
export const planOf = (parts: Parts) => compileProjection(projectionOf(parts)) as WindowedPlan;
