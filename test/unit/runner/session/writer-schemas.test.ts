import { expect, test } from 'vitest';
import type { SchemaRegistry } from '../../../../src/registry/schema-registry.ts';
import { RepriseError } from '../../../../src/reprise-error.ts';
import { WriterSchemas } from '../../../../src/runner/session/writer-schemas.ts';

const unknown = new RepriseError('UNKNOWN_SCHEMA_ID', 'not there');
const away = new RepriseError('REGISTRY_UNAVAILABLE', 'away', { retriable: true });

/** Answers by what a test says; counts questions and waits. */
function world(answer: (id: number, asked: number) => string | Error) {
  const asked = new Map<number, number>();
  const seen = { waits: 0, pauses: [] as (string | null)[], asked };
  const registry = {
    schemaById: async (id: number) => {
      asked.set(id, (asked.get(id) ?? 0) + 1);
      const given = answer(id, asked.get(id) as number);
      if (given instanceof Error) throw given;
      return given;
    },
  } as unknown as SchemaRegistry;
  const schemas = new WriterSchemas(registry, {
    backoff: {
      wait: async () => {
        seen.waits += 1;
      },
    },
    onPause: (reason) => seen.pauses.push(reason?.message ?? null),
  });
  const fetch = (ids: readonly number[]) =>
    schemas.fetch(ids.map((schemaId) => ({ schemaId, event: {} as never })));
  return { seen, fetch };
}

test('waits for all unknown ids of a batch together, and only once for each', async () => {
  const { seen, fetch } = world((id) => (id < 1_000 ? unknown : `text ${id}`));
  const found = await fetch([...Array(1_000).keys(), 1_000]);
  expect(found.size).toBe(1_001);
  expect(found.get(7)).toBe(unknown);
  expect(found.get(1_000)).toBe('text 1000');
  expect(seen.waits).toBe(9);
  await fetch([7, 8]);
  expect(seen.waits).toBe(9);
  expect(seen.asked.get(7)).toBe(11);
});

test('finds an id that is registered late', async () => {
  const { fetch } = world((_id, asked) => (asked <= 10 ? unknown : 'late'));
  expect((await fetch([3])).get(3)).toBe(unknown);
  expect((await fetch([3])).get(3)).toBe('late');
});

test('asks a registry that is away again for ever, and says so', async () => {
  const { seen, fetch } = world((_id, asked) => (asked <= 40 ? away : 'text'));
  expect((await fetch([1])).get(1)).toBe('text');
  expect(seen.pauses).toEqual([...Array(40).fill('away'), null]);
});

test('passes on what is neither', async () => {
  const { fetch } = world(() => new RepriseError('REGISTRY_REFUSED', 'no'));
  await expect(fetch([1])).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
});
