import { beforeEach, expect, test } from 'vitest';
import { cachedRegistry } from '../../../src/registry/cached-registry.ts';
import type { SchemaRegistry } from '../../../src/registry/schema-registry.ts';
import { RepriseError } from '../../../src/reprise-error.ts';

let asked: number[];
let known: Map<number, string>;
let nowMs: number;
let cached: SchemaRegistry;

beforeEach(() => {
  asked = [];
  known = new Map([1, 2, 3].map((id) => [id, `"schema ${id}"`]));
  nowMs = 0;
  const registry = {
    schemaById: async (id: number) => {
      asked.push(id);
      const text = known.get(id);
      if (text === undefined) throw new RepriseError('UNKNOWN_SCHEMA_ID', `no ${id}`);
      return text;
    },
    register: async (_: string, schemaText: string) => {
      known.set(9, schemaText);
      return { id: 9, version: 1, schemaText };
    },
  } as unknown as SchemaRegistry;
  cached = cachedRegistry(registry, { entriesMax: 2, unknownMs: 1_000, now: () => nowMs });
});

test('asks once for an id, also when many want it at once', async () => {
  const texts = await Promise.all([1, 1, 1].map((id) => cached.schemaById(id)));
  expect([...texts, await cached.schemaById(1)]).toEqual(new Array(4).fill('"schema 1"'));
  expect(asked).toEqual([1]);
});

test('forgets the text that was used longest ago', async () => {
  for (const id of [1, 2, 1, 3, 1, 2]) await cached.schemaById(id);
  expect(asked).toEqual([1, 2, 3, 2]);
});

test('an unknown id stays unknown for a while, and is then asked for again', async () => {
  const ask = () => cached.schemaById(9).catch(({ code }: RepriseError) => code);
  expect([await ask(), await ask()]).toEqual(['UNKNOWN_SCHEMA_ID', 'UNKNOWN_SCHEMA_ID']);
  expect(asked).toEqual([9]);
  nowMs = 1_001;
  known.set(9, '"late"');
  expect(await ask()).toBe('"late"');
});

test('an id that is registered here is known at once', async () => {
  await cached.schemaById(9).catch(() => undefined);
  await cached.register('subject', '"new"');
  expect(await cached.schemaById(9)).toBe('"new"');
});

test('a registry that is away is asked again', async () => {
  let isAway = true;
  const registry = {
    schemaById: async () => {
      if (isAway) throw new RepriseError('REGISTRY_UNAVAILABLE', 'away');
      return '"here"';
    },
  } as unknown as SchemaRegistry;
  const patient = cachedRegistry(registry);
  await expect(patient.schemaById(1)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  isAway = false;
  expect(await patient.schemaById(1)).toBe('"here"');
});
