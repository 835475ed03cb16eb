import {
  type AvroType,
  type EnumType,
  type RecordField,
  type RecordType,
  unqualified,
} from '../schema/avro-type.ts';
import { shortType } from '../schema/short-type.ts';
import { incompatibilitiesOf } from './check-compatibility.ts';
import { matchingFields } from './schema-comparison.ts';
import { silentChanges } from './silent-changes.ts';

/** The kind of a change between two versions. */
export type SchemaChangeKind =
  | 'FIELD_ADDED'
  | 'FIELD_REMOVED'
  | 'FIELD_RENAMED'
  | 'FIELD_RETYPED'
  | 'DEFAULT_CHANGED'
  | 'SYMBOLS_CHANGED'
  | 'TYPE_RENAMED';

/** One change between two versions, for people. */
export interface SchemaChange {
  readonly kind: SchemaChangeKind;
  /** Field names from the outermost record inwards, separated by dots; empty: the record itself. */
  readonly path: string;
  readonly message: string;
  /**
   * How old events can be read with their meaning (alias, default, upcaster); null if nothing is
   * needed.
   */
  readonly suggestion: string | null;
}

interface Walk {
  readonly seen: Map<AvroType, Set<AvroType>>;
  readonly changes: SchemaChange[];
}

/**
 * Returns the changes from one version to the next, in the order of the newer one, removed fields
 * last. Ignores docs. Pure.
 */
export function describeChanges(older: AvroType, newer: AvroType): readonly SchemaChange[] {
  const walk: Walk = { seen: new Map(), changes: [] };
  compare(walk, older, newer, '');
  return walk.changes;
}

function compare(walk: Walk, older: AvroType, newer: AvroType, path: string): void {
  const known = walk.seen.get(older) ?? new Set();
  if (known.has(newer)) return;
  walk.seen.set(older, known.add(newer));
  if ('name' in older && 'name' in newer && older.kind === newer.kind) {
    compareNames(walk, older, newer, path);
  }
  if (older.kind === 'record' && newer.kind === 'record') compareFields(walk, older, newer, path);
  else if (older.kind === 'enum' && newer.kind === 'enum') compareSymbols(walk, older, newer, path);
  else if (older.kind === 'array' && newer.kind === 'array') {
    compare(walk, older.items, newer.items, path);
  } else if (older.kind === 'map' && newer.kind === 'map') {
    compare(walk, older.values, newer.values, path);
  } else if (older.kind === 'union' || newer.kind === 'union') {
    compareBranches(walk, older, newer, path);
  }
}

/**
 * Compares branches of a union. Branches with the same kind and name are one changed branch; the
 * set of branches is compared by the type's text.
 */
function compareBranches(walk: Walk, older: AvroType, newer: AvroType, path: string): void {
  for (const to of branchesOf(newer)) {
    const from = branchesOf(older).find(
      (one) => one.kind === to.kind && shortType(one) === shortType(to),
    );
    if (from !== undefined) compare(walk, from, to, path);
  }
}

function compareNames(
  walk: Walk,
  older: { readonly name: string },
  newer: { readonly name: string; readonly aliases: readonly string[] },
  path: string,
): void {
  if (unqualified(older.name) === unqualified(newer.name)) return;
  const bridged = newer.aliases.includes(older.name);
  walk.changes.push({
    kind: 'TYPE_RENAMED',
    path,
    message: `${older.name} is now ${newer.name}`,
    suggestion: bridged ? null : `add "aliases": ["${older.name}"] to ${newer.name}`,
  });
}

function compareFields(walk: Walk, older: RecordType, newer: RecordType, path: string): void {
  const read = new Set(newer.fields.flatMap((field) => matchingFields(older, field)));
  const dropped = older.fields.filter((field) => !read.has(field));
  for (const field of newer.fields) {
    const [from] = matchingFields(older, field);
    const at = join(path, field.name);
    if (from === undefined) walk.changes.push(added(field, dropped, at));
    else compareField(walk, from, field, at);
  }
  for (const field of dropped) {
    walk.changes.push({
      kind: 'FIELD_REMOVED',
      path: join(path, field.name),
      message: `removed; was ${shortType(field.type)}`,
      suggestion: null,
    });
  }
}

function added(field: RecordField, dropped: readonly RecordField[], path: string): SchemaChange {
  const text = shortType(field.type);
  const twin = dropped.find((candidate) => shortType(candidate.type) === text);
  const rename =
    twin === undefined
      ? ''
      : `if it is ${twin.name} under another name, add "aliases": ["${twin.name}"]`;
  const fallback =
    field.fallback === undefined
      ? 'add a "default", which events written before will have, or an upcaster that computes it'
      : '';
  const suggestion = [rename, fallback].filter((part) => part !== '').join('; otherwise ');
  const shown =
    field.fallback === undefined ? 'without default' : `default ${json(field.fallback)}`;
  return {
    kind: 'FIELD_ADDED',
    path,
    message: `added: ${text}, ${shown}`,
    suggestion: suggestion === '' ? null : suggestion,
  };
}

function compareField(walk: Walk, older: RecordField, newer: RecordField, path: string): void {
  if (older.name !== newer.name) {
    const message = `renamed from ${older.name}, which its alias tells readers`;
    walk.changes.push({ kind: 'FIELD_RENAMED', path, message, suggestion: null });
  }
  const [from, to] = [shortType(older.type), shortType(newer.type)];
  if (from !== to) {
    const message = `was ${from}, is ${to}`;
    walk.changes.push({ kind: 'FIELD_RETYPED', path, message, suggestion: bridge(older, newer) });
  }
  if (json(older.fallback) !== json(newer.fallback)) {
    walk.changes.push({
      kind: 'DEFAULT_CHANGED',
      path,
      message: `default ${json(older.fallback)} is now ${json(newer.fallback)}`,
      suggestion: null,
    });
  }
  compare(walk, older.type, newer.type, path);
}

/** Returns how a field with a new type can be read; null if Avro's promotions read it. */
function bridge(older: RecordField, newer: RecordField): string | null {
  const added = `add a new field for ${shortType(newer.type)} with a "default" and keep ${older.name}, or write an upcaster that converts it`;
  if (incompatibilitiesOf(newer.type, older.type).length > 0) {
    return `events written before cannot be read: ${added}`;
  }
  return silentChanges(newer.type, older.type).length > 0
    ? `events written before get other values: ${added}`
    : null;
}

function compareSymbols(walk: Walk, older: EnumType, newer: EnumType, path: string): void {
  const gained = newer.symbols.filter((symbol) => !older.symbols.includes(symbol));
  const lost = older.symbols.filter((symbol) => !newer.symbols.includes(symbol));
  if (gained.length === 0 && lost.length === 0) return;
  const parts = [
    ...(gained.length === 0 ? [] : [`new symbols ${gained.join(', ')}`]),
    ...(lost.length === 0 ? [] : [`symbols ${lost.join(', ')} are gone`]),
  ];
  const unread = lost.length > 0 && newer.fallback === null;
  walk.changes.push({
    kind: 'SYMBOLS_CHANGED',
    path,
    message: `enum ${unqualified(newer.name)}: ${parts.join('; ')}`,
    suggestion: unread
      ? `keep them, give the enum a "default" symbol, or write an upcaster that maps them`
      : null,
  });
}

function branchesOf(type: AvroType): readonly AvroType[] {
  return type.kind === 'union' ? type.branches : [type];
}

function json(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
