import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FieldColumn } from '../../../../src/event/field-columns.ts';
import { BAD_KEY, Keys, NULL_KEY } from '../../../../src/fold/rows/keys.ts';
import type { KeyPlan } from '../../../../src/projection/plan/plan.ts';

const texts = (count: number): KeyPlan[] =>
  Array.from({ length: count }, (_, i) => ({
    field: `part${i}`,
    column: `part${i}`,
    type: { kind: 'string' },
  }));

function textColumn(values: readonly (string | null)[]): FieldColumn {
  const parts = values.map((value) => Buffer.from(value ?? ''));
  let end = 0;
  const ends = Int32Array.from(parts, (part) => (end += part.length));
  return {
    kind: 'text',
    bytes: Buffer.concat(parts),
    start: ends.map((at, i) => at - (parts[i]?.length ?? 0)),
    end: ends,
    present: values.includes(null) ? Uint8Array.from(values, (v) => (v === null ? 0 : 1)) : null,
  };
}

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('1', ':'), maxLength: 3 }),
  fc.string({ unit: fc.constantFrom('1', '2', ':', 'a', 'é', '💥'), maxLength: 4 }),
  fc.constantFrom(null, 'a\0'),
);

it('tells keys apart exactly when a part differs, and gives their parts back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }).chain((parts) =>
        fc.array(fc.array(text, { minLength: parts, maxLength: parts }), {
          minLength: 1,
          maxLength: 60,
        }),
      ),
      (keys) => {
        const plans = texts(keys[0]?.length ?? 0);
        const interned = new Keys(plans);
        const ids = new Int32Array(keys.length);
        const columns = plans.map((_, p) => textColumn(keys.map((key) => key[p] ?? null)));
        interned.intern(columns, keys.length, new Uint8Array(keys.length), ids);
        const seen = new Map<string, number>();
        for (const [i, key] of keys.entries()) {
          const id = ids[i] ?? Number.NaN;
          if (key.includes(null)) expect(id).toBe(NULL_KEY);
          else if (key.includes('a\0')) expect(id).toBe(BAD_KEY);
          else {
            const name = JSON.stringify(key);
            expect(seen.get(name) ?? id).toBe(id);
            seen.set(name, id);
            expect(interned.partsOf(id)).toEqual(key);
            expect(interned.idOf(key as string[])).toBe(id);
          }
        }
        expect(new Set(seen.values()).size).toBe(seen.size);
      },
    ),
    { numRuns: 300 },
  );
});
