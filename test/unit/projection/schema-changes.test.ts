import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventFields } from '../../../src/avro/decode/event-fields.ts';
import { parseRecordSchema } from '../../../src/avro/schema/parse-schema.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { avg, count } from '../../../src/projection/declare/aggregates.ts';
import { columns, double, text } from '../../../src/projection/declare/columns.ts';
import { begin } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import { shapeDifferences } from '../../../src/projection/plan/shape-differences.ts';
import { seed } from '../../support/fault-run.ts';

type FieldJson = Readonly<Record<string, unknown>> & { readonly name: string };
interface SchemaJson {
  readonly doc?: string;
  readonly namespace?: string;
  readonly fields: readonly FieldJson[];
}
interface Ordered {
  readonly customerId: string;
  readonly amount: number;
  readonly note: string;
  readonly at: Date;
}

const BASE: SchemaJson = {
  doc: 'An order.',
  fields: [
    { name: 'customerId', type: 'string' },
    { name: 'amount', type: 'double' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'note', type: 'string', default: '' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};

function eventOf({ fields, ...rest }: SchemaJson) {
  const schema = JSON.stringify({ type: 'record', name: 'Ordered', ...rest, fields });
  return defineAvroEvent<Ordered>({
    name: 'Ordered',
    topic: 'orders',
    key: 'customerId',
    time: 'at',
    fields: eventFields(parseRecordSchema(schema, 'Ordered')),
    schema,
  });
}

/** Projections of every kind; none reads `note`, the `kind`, or what a change adds. */
function plansOf(schema: SchemaJson) {
  const event = eventOf(schema);
  const kinds = [
    class extends WindowedProjection {
      readonly name = 'windowed';
      readonly version = 1;
      define() {
        return this.from(event)
          .key('customerId')
          .where((e) => e.amount > 3)
          .window(tumbling('1 minute'))
          .measure({ n: count(), mean: avg('amount') });
      }
    },
    class extends SessionProjection {
      readonly name = 'sessions';
      readonly version = 1;
      define() {
        return this.from(event)
          .key('customerId')
          .session({ gap: ({ amount }) => (amount > 5 ? 1000 : 5) })
          .measure({ n: count() });
      }
    },
    class extends TableProjection {
      readonly name = 'rows';
      readonly version = 1;
      define() {
        return this.table(columns({ customerId: text().primaryKey(), total: double() }))
          .key('customerId')
          .on(event, (row, { customerId, amount }) => ({
            customerId,
            total: (row?.total ?? 0) + amount,
          }));
      }
    },
    class extends PatternProjection {
      readonly name = 'matches';
      readonly version = 1;
      define() {
        return this.from(event)
          .key('customerId')
          .pattern(
            begin('low', { where: { amount: { lt: 3 } } }).next('high', {
              where: (e: Ordered, soFar: { readonly low?: Ordered }) =>
                e.amount > (soFar.low?.amount ?? 0),
            }),
          )
          .row({ difference: double() }, (m) => ({ difference: m.high.amount - m.low.amount }));
      }
    },
  ];
  return kinds.map((Kind) => compileProjection(new Kind()));
}

/** Compatible changes of what no projection above reads. */
const change = fc.oneof(
  fc.string().map((doc) => (s: SchemaJson) => ({ ...s, doc })),
  fc.constantFrom('x.y', 'shop').map((namespace) => (s: SchemaJson) => ({ ...s, namespace })),
  fc.constantFrom('channel', 'comment', 'fields', 'text', 'computes').chain((name) =>
    fc
      .tuple(
        fc.constantFrom<[unknown, unknown]>(
          ['string', ''],
          ['long', 0],
          [['null', 'double'], null],
        ),
        fc.nat(5),
      )
      .map(([[type, fallback], at]) => (s: SchemaJson): SchemaJson => {
        if (s.fields.some((field) => field.name === name)) return s;
        const fields = [...s.fields];
        fields.splice(at, 0, { name, type, default: fallback });
        return { ...s, fields };
      }),
  ),
  fc.constant((s: SchemaJson) => ({
    ...s,
    fields: s.fields.filter(({ name }) => name !== 'note'),
  })),
  fc.constant((s: SchemaJson) => ({ ...s, fields: [...s.fields].reverse() })),
  fc.tuple(fc.nat(4), fc.string()).map(
    ([at, doc]) =>
      (s: SchemaJson): SchemaJson => ({
        ...s,
        fields: s.fields.map((field, i) => (i === at ? { ...field, doc } : field)),
      }),
  ),
  fc.constant(
    (s: SchemaJson): SchemaJson => ({
      ...s,
      fields: s.fields.map((field) =>
        field.name === 'kind'
          ? { ...field, type: { type: 'enum', name: 'Kind', symbols: ['A', 'B', 'C'] } }
          : field,
      ),
    }),
  ),
);

const applied = (changes: readonly ((schema: SchemaJson) => SchemaJson)[]) =>
  changes.reduce<SchemaJson>((schema, each) => each(schema), BASE);

test(`a compatible change of what a projection does not read leaves its fingerprint (seed ${seed})`, () => {
  const before = plansOf(BASE);
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const after = plansOf(applied(changes));
      for (const [i, plan] of after.entries()) {
        const stored = before[i] as typeof plan;
        expect(shapeDifferences(stored.shape, plan.shape)).toEqual([]);
        expect(plan.fingerprint).toBe(stored.fingerprint);
      }
    }),
    { seed, numRuns: 150 },
  );
});

test.each<[string, Partial<FieldJson>, string]>([
  ['another type', { type: 'float' }, 'amount.type: "double" → "float"'],
  ['a default', { default: 0 }, 'amount.default: nothing → "0"'],
  ['an alias', { aliases: ['price'] }, 'amount.aliases[0]: nothing → "price"'],
])('%s of a field that is read is named as the difference', (_name, changed, line) => {
  const fields = BASE.fields.map((field) =>
    field.name === 'amount' ? { ...field, ...changed } : field,
  );
  const before = plansOf(BASE);
  for (const [i, plan] of plansOf({ ...BASE, fields }).entries()) {
    const stored = before[i] as typeof plan;
    expect(plan.fingerprint).not.toBe(stored.fingerprint);
    expect(shapeDifferences(stored.shape, plan.shape)).toEqual([expect.stringContaining(line)]);
  }
});

test('a function that is given the event as a whole reads every field, and their order', () => {
  const whole = (schema: SchemaJson) => {
    const event = eventOf(schema);
    class Whole extends WindowedProjection {
      readonly name = 'whole';
      readonly version = 1;
      define() {
        return this.from(event)
          .key('customerId')
          .where((e) => JSON.stringify(e).length > 3)
          .window(tumbling('1 minute'))
          .measure({ n: count() });
      }
    }
    return compileProjection(new Whole());
  };
  const before = whole(BASE);
  expect(whole({ ...BASE, doc: 'Other words.' }).fingerprint).toBe(before.fingerprint);
  const fields = [...BASE.fields, { name: 'channel', type: 'string', default: '' }];
  expect(shapeDifferences(before.shape, whole({ ...BASE, fields }).shape)).toEqual(
    expect.arrayContaining([expect.stringContaining('channel.type: nothing → "string"')]),
  );
  const reversed = whole({ ...BASE, fields: [...BASE.fields].reverse() });
  expect(shapeDifferences(before.shape, reversed.shape)).not.toEqual([]);
});

test('names from outside are told by function, those of the language and of reprise are none', () => {
  const limits = { low: 3 };
  const event = eventOf(BASE);
  class Capturing extends WindowedProjection {
    readonly name = 'capturing';
    readonly version = 1;
    define() {
      return this.from(event)
        .key('customerId')
        .where((e) => Math.abs(e.amount) > limits.low)
        .window(tumbling('1 minute'))
        .measure({ n: count() });
    }
  }
  expect(compileProjection(new Capturing()).captures).toEqual(['.where(…) uses limits']);
  expect(plansOf(BASE).flatMap(({ captures }) => captures)).toEqual([]);
});

test('a bound function is refused with what to write instead, a built-in one is told by its name', () => {
  const event = eventOf(BASE);
  const filtered = (accepts: (value: unknown) => boolean) =>
    new (class extends WindowedProjection {
      readonly name = 'filtered';
      readonly version = 1;
      define() {
        return this.from(event)
          .key('customerId')
          .where(accepts)
          .window(tumbling('1 minute'))
          .measure({ n: count() });
      }
    })();
  const bound = ((limit: number, value: unknown) => value === limit).bind(null, 1);
  expect(() => compileProjection(filtered(bound))).toThrow(
    'Write (event) => yourFunction(event) instead.',
  );
  const [truthy, finite] = [Boolean, Number.isFinite].map((each) =>
    compileProjection(filtered(each)),
  );
  expect(truthy?.captures).toEqual([]);
  expect(truthy?.fingerprint).not.toBe(finite?.fingerprint);
});
