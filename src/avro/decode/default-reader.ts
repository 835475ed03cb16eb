import { Decimal } from '../../event/decimal.ts';
import {
  type AvroType,
  logicalOf,
  type RecordField,
  type RecordType,
} from '../schema/avro-type.ts';
import { branchName, isWrapped } from '../schema/branch-name.ts';
import { dateText, unscaledOf } from './value-type.ts';

/**
 * Returns a function that creates a field's default, a new one at each call, in the TypeScript
 * values of reprise. The default may be of any branch of a union (Avro 1.12): the first branch that
 * the JSON fits. @throws Error without a default, or if it fits no branch
 */
export function defaultReader(field: RecordField): () => unknown {
  if (field.fallback === undefined) throw new Error(`field ${field.name} has no default`);
  defaultBranch(field.type, field.fallback);
  const make = () => valueOf(field.type, field.fallback);
  make();
  return make;
}

/**
 * Returns the branch that the JSON of a default belongs to; the type itself if it is not a union.
 * @throws Error if none fits
 */
export function defaultBranch(type: AvroType, json: unknown): AvroType {
  const branches = type.kind === 'union' ? type.branches : [type];
  const found = branches.find((branch) => fits(branch, json));
  if (found === undefined) {
    throw new Error(`no type of the field fits the default ${JSON.stringify(json)}`);
  }
  return found;
}

function fits(type: AvroType, json: unknown): boolean {
  switch (type.kind) {
    case 'null':
      return json === null;
    case 'boolean':
      return typeof json === 'boolean';
    case 'int':
      return Number.isInteger(json) && (json as number) === ((json as number) | 0);
    case 'long':
      return Number.isInteger(json);
    case 'float':
    case 'double':
      return typeof json === 'number';
    case 'string':
    case 'bytes':
    case 'fixed':
      return typeof json === 'string';
    case 'enum':
      return typeof json === 'string' && type.symbols.includes(json);
    case 'array':
      return Array.isArray(json) && json.every((item) => fits(type.items, item));
    case 'union':
      return type.branches.some((branch) => fits(branch, json));
    default:
      return isObject(json) && partsFit(type, json);
  }
}

function partsFit(type: Extract<AvroType, { kind: 'map' | 'record' }>, json: object): boolean {
  if (type.kind === 'map') return Object.values(json).every((value) => fits(type.values, value));
  return type.fields.every((field) => {
    const part = partOf(json, field);
    return part !== undefined && fits(field.type, part);
  });
}

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function partOf(json: object, field: RecordField): unknown {
  const part = (json as Record<string, unknown>)[field.name];
  return part === undefined ? field.fallback : part;
}

function valueOf(type: AvroType, json: unknown): unknown {
  if (type.kind === 'union') {
    const branch = defaultBranch(type, json);
    const value = valueOf(branch, json);
    return branch.kind === 'null' || !isWrapped(type) ? value : { [branchName(branch)]: value };
  }
  if (type.kind === 'array') return (json as unknown[]).map((item) => valueOf(type.items, item));
  if (type.kind === 'map') {
    return Object.fromEntries(
      Object.entries(json as object).map(([key, value]) => [key, valueOf(type.values, value)]),
    );
  }
  return type.kind === 'record' ? recordOf(type, json as object) : scalarOf(type, json);
}

function recordOf(type: RecordType, json: object): unknown {
  return Object.fromEntries(
    type.fields.map((field) => [field.name, valueOf(field.type, partOf(json, field))]),
  );
}

function scalarOf(type: AvroType, json: unknown): unknown {
  const logical = logicalOf(type);
  switch (type.kind) {
    case 'int':
      return logical?.name === 'date' ? dateText(json as number) : json;
    case 'long':
      return logical?.name === 'timestamp-millis'
        ? new Date(json as number)
        : BigInt(json as number);
    case 'float':
      return Math.fround(json as number);
    case 'bytes':
    case 'fixed': {
      const bytes = Buffer.from(String(json), 'latin1');
      if (logical?.name !== 'decimal') return bytes;
      return new Decimal(unscaledOf(bytes, 0, bytes.length), logical.scale);
    }
    default:
      return json;
  }
}
