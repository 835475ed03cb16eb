import { RepriseError } from '../../reprise-error.ts';
import type { AvroType, Logical, PrimitiveType, RecordField, RecordType } from './avro-type.ts';

/** Names of the primitive types. */
export const primitives: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const depthMax = 64;

type Json = Readonly<Record<string, unknown>>;

interface Scope {
  readonly origin: string;
  readonly names: Map<string, AvroType>;
}

interface Context {
  readonly path: string;
  readonly namespace: string;
  readonly depth: number;
}

/**
 * Parses Avro schema text. `origin` (a file name, `schema 7`) is named in errors.
 * @throws SCHEMA_INVALID naming origin, path and advice
 */
export function parseSchema(text: string, origin: string): AvroType {
  return parseSchemaJson(readSchemaText(text, origin), origin);
}

/**
 * Parses the JSON of an Avro schema. `references`: schemas whose named types it may use; each may
 * use those before it.
 * @throws SCHEMA_INVALID
 */
export function parseSchemaJson(
  json: unknown,
  origin: string,
  options: { readonly references?: readonly unknown[] } = {},
): AvroType {
  const scope: Scope = { origin, names: new Map() };
  const context = { path: '', namespace: '', depth: 0 };
  for (const reference of options.references ?? []) parseType(scope, reference, context);
  return parseType(scope, json, context);
}

/**
 * Parses schema text as `parseSchema` and checks that it is a record, as events are. @throws
 * SCHEMA_INVALID
 */
export function parseRecordSchema(text: string, origin: string): RecordType {
  const type = parseSchema(text, origin);
  if (type.kind !== 'record') {
    throw invalid(origin, '', `is of type ${type.kind}; the schema of an event must be a record`);
  }
  return type;
}

/** Parses JSON text of a schema. @throws SCHEMA_INVALID with the parser's position */
export function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RepriseError(
      'SCHEMA_INVALID',
      `${origin} is not JSON: ${(error as Error).message}. Correct the file and try again.`,
      { cause: error, facts: { origin } },
    );
  }
}

/**
 * Returns the JSON of schema text. Accepts a primitive's bare name (`int`), as registries do.
 * @throws SCHEMA_INVALID
 */
export function readSchemaText(text: string, origin: string): unknown {
  const name = text.trim();
  return primitives.has(name) ? name : parseJson(text, origin);
}

/** Creates the error for a schema that breaks a rule. */
export function invalid(origin: string, path: string, problem: string): RepriseError {
  const location = path === '' ? origin : `${origin}, field ${path}`;
  return new RepriseError('SCHEMA_INVALID', `${location}: ${problem}.`, {
    facts: { origin, field: path },
  });
}

function parseType(scope: Scope, json: unknown, context: Context): AvroType {
  if (context.depth > depthMax) {
    throw invalid(
      scope.origin,
      context.path,
      `nests deeper than ${depthMax} types; make it flatter`,
    );
  }
  if (typeof json === 'string') return parseReference(scope, json, context);
  if (Array.isArray(json)) return parseUnion(scope, json, context);
  if (typeof json !== 'object' || json === null) {
    throw invalid(
      scope.origin,
      context.path,
      `has ${JSON.stringify(json)} for a type; give a type name, an object or a list`,
    );
  }
  return parseObject(scope, json as Json, context);
}

function parseReference(scope: Scope, name: string, context: Context): AvroType {
  if (primitives.has(name)) return { kind: name as PrimitiveType['kind'], logical: null };
  const found = scope.names.get(qualified(name, context.namespace)) ?? scope.names.get(name);
  if (found === undefined) {
    throw invalid(
      scope.origin,
      context.path,
      `has unknown type "${name}"; use an Avro type or define the name before it is used`,
    );
  }
  return found;
}

function parseUnion(scope: Scope, json: readonly unknown[], context: Context): AvroType {
  const branches = json.map((branch) => parseType(scope, branch, deeper(context)));
  const seen = new Set<string>();
  for (const branch of branches) {
    const id = 'name' in branch ? branch.name : branch.kind;
    if (branch.kind === 'union') {
      throw invalid(scope.origin, context.path, 'has a union directly in a union; write one list');
    }
    if (seen.has(id)) {
      throw invalid(scope.origin, context.path, `has ${id} twice in a union; keep one`);
    }
    seen.add(id);
  }
  return { kind: 'union', branches };
}

function parseObject(scope: Scope, json: Json, context: Context): AvroType {
  const kind = json['type'];
  switch (kind) {
    case 'record':
    case 'error':
      return parseRecord(scope, json, context);
    case 'enum':
      return parseEnum(scope, json, context);
    case 'fixed':
      return parseFixed(scope, json, context);
    case 'array':
      return { kind, items: parseType(scope, json['items'], deeper(context)) };
    case 'map':
      return { kind, values: parseType(scope, json['values'], deeper(context)) };
  }
  const inner = parseType(scope, kind, deeper(context));
  if (!primitives.has(inner.kind)) return inner;
  const primitive = inner as PrimitiveType;
  const logical = parseLogical(scope, json, primitive, context);
  return { kind: primitive.kind, logical, ...declaredOf(json) };
}

function parseRecord(scope: Scope, json: Json, context: Context): RecordType {
  const { name, namespace } = parseName(scope, json, context);
  if (!Array.isArray(json['fields'])) {
    throw invalid(scope.origin, context.path, `record ${name} has no list "fields"; add one`);
  }
  const record: RecordType = {
    kind: 'record',
    name,
    aliases: aliasesOf(json, namespace),
    fields: [],
    doc: textOf(json['doc']),
  };
  define(scope, name, record, context);
  const seen = new Set<string>();
  for (const [index, item] of json['fields'].entries()) {
    const field = parseField(scope, item, { ...context, namespace }, index);
    if (seen.has(field.name)) {
      throw invalid(scope.origin, join(context.path, field.name), 'is there twice; rename one');
    }
    seen.add(field.name);
    record.fields.push(field);
  }
  return record;
}

function parseField(scope: Scope, item: unknown, context: Context, index: number): RecordField {
  const json = (typeof item === 'object' && item !== null ? item : {}) as Json;
  const name = json['name'];
  if (typeof name !== 'string' || !namePattern.test(name) || name.includes('.')) {
    throw invalid(
      scope.origin,
      join(context.path, `#${index + 1}`),
      `has name ${JSON.stringify(name)}; names are letters, digits and _, not beginning with a digit`,
    );
  }
  const path = join(context.path, name);
  if (name === '__proto__') throw invalid(scope.origin, path, 'may not be called so; rename it');
  if (!('type' in json)) throw invalid(scope.origin, path, 'has no "type"; add one');
  const type = parseType(scope, json['type'], { ...deeper(context), path });
  return {
    name,
    aliases: aliasesOf(json, ''),
    type,
    fallback: json['default'],
    doc: textOf(json['doc']),
    ...(json['pii'] === undefined ? {} : { pii: String(json['pii']) }),
  };
}

function parseEnum(scope: Scope, json: Json, context: Context): AvroType {
  const { name, namespace } = parseName(scope, json, context);
  const symbols = json['symbols'];
  if (!Array.isArray(symbols) || symbols.length === 0 || !symbols.every(isSymbol)) {
    throw invalid(scope.origin, context.path, `enum ${name} needs "symbols", a list of names`);
  }
  if (new Set(symbols).size !== symbols.length) {
    throw invalid(scope.origin, context.path, `enum ${name} has a symbol twice; keep one`);
  }
  const fallback = textOf(json['default']) ?? null;
  if (fallback !== null && !symbols.includes(fallback)) {
    throw invalid(scope.origin, context.path, `enum ${name} has default ${fallback}, not a symbol`);
  }
  const type: AvroType = {
    kind: 'enum',
    name,
    aliases: aliasesOf(json, namespace),
    symbols,
    fallback,
  };
  return define(scope, name, type, context);
}

function parseFixed(scope: Scope, json: Json, context: Context): AvroType {
  const { name, namespace } = parseName(scope, json, context);
  const size = json['size'];
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) {
    throw invalid(scope.origin, context.path, `fixed ${name} needs "size", a number of bytes`);
  }
  const bare = { kind: 'fixed' as const, name, aliases: aliasesOf(json, namespace), size };
  const logical = parseLogical(scope, json, { ...bare, logical: null }, context);
  return define(scope, name, { ...bare, logical, ...declaredOf(json) }, context);
}

function declaredOf(json: Json): { readonly declared?: string } {
  const declared = textOf(json['logicalType']);
  return declared === undefined ? {} : { declared };
}

function parseLogical(scope: Scope, json: Json, type: AvroType, context: Context): Logical | null {
  const name = json['logicalType'];
  if (name === 'uuid' && type.kind === 'string') return { name };
  if (name === 'date' && type.kind === 'int') return { name };
  if ((name === 'timestamp-millis' || name === 'timestamp-micros') && type.kind === 'long') {
    return { name };
  }
  if (name !== 'decimal' || (type.kind !== 'bytes' && type.kind !== 'fixed')) return null;
  const precision = json['precision'];
  const scale = json['scale'] ?? 0;
  if (!isCount(precision) || precision === 0 || !isCount(scale) || scale > precision) {
    throw invalid(
      scope.origin,
      context.path,
      'is a decimal without usable "precision" and "scale"; give precision ≥ 1 and 0 ≤ scale ≤ precision',
    );
  }
  return { name, precision, scale };
}

function parseName(
  scope: Scope,
  json: Json,
  context: Context,
): { name: string; namespace: string } {
  const name = json['name'];
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw invalid(
      scope.origin,
      context.path,
      `a ${String(json['type'])} has name ${JSON.stringify(name)}; give it a name of letters, digits and _`,
    );
  }
  const namespace = name.includes('.')
    ? name.slice(0, name.lastIndexOf('.'))
    : (textOf(json['namespace']) ?? context.namespace);
  return { name: qualified(name, namespace), namespace };
}

function define<Type extends AvroType>(
  scope: Scope,
  name: string,
  type: Type,
  context: Context,
): Type {
  if (scope.names.has(name)) {
    throw invalid(scope.origin, context.path, `defines ${name} again; refer to it by its name`);
  }
  scope.names.set(name, type);
  return type;
}

function aliasesOf(json: Json, namespace: string): readonly string[] {
  const aliases = json['aliases'];
  if (!Array.isArray(aliases)) return [];
  return aliases.filter((alias) => typeof alias === 'string').map((a) => qualified(a, namespace));
}

function qualified(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function deeper(context: Context): Context {
  return { ...context, depth: context.depth + 1 };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && namePattern.test(value) && !value.includes('.');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
