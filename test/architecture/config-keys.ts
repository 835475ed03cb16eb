import { z } from 'zod';
import { configSchema } from '../../src/config/config-schema.ts';

/**
 * Every key that a configuration may have, as a path with dots, read from the schema that checks
 * it. A policy under `onError.live` or `onError.rebuild` is the policy of `onError`, so its keys
 * are listed once.
 */
export function configKeys(): readonly string[] {
  const keys = keysOf(configSchema, '').map((key) =>
    key.replace(/^onError\.(?:live|rebuild)\./, 'onError.'),
  );
  return [...new Set(keys)].sort();
}

function keysOf(schema: unknown, path: string): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return keysOf(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.element, path);
  // Discriminated ones are unions too.
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((each) => keysOf(each, path));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, value]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return [key, ...keysOf(value, key)];
  });
}
