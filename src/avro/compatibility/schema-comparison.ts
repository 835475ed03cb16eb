import { type AvroType, type EnumType, type RecordType, unqualified } from '../schema/avro-type.ts';
import { type Incompatibility, pointerOf } from './incompatibility.ts';

/** Results by pair of types. Undefined while the pair is being compared. */
type Results = Map<AvroType, Map<AvroType, readonly Incompatibility[] | undefined>>;

type Tokens = readonly string[];

/** The kinds that are read as each kind, besides itself. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  bytes: ['string'],
  string: ['bytes'],
};

/**
 * Thrown if name and aliases of a reader's field match several fields of the writer: Java's checker
 * fails for the whole pair.
 */
export class AmbiguousField extends Error {
  readonly location: string;
  constructor(location: string) {
    super('a reader field (name+aliases) matches more than one writer field');
    this.location = location;
  }
}

/**
 * Compares two parsed schemas exactly as Java's `SchemaCompatibility` (Avro 1.12): a pair of types
 * is compared once; if it occurs again, the first result is repeated with its first location.
 */
export class SchemaComparison {
  private readonly results: Results = new Map();

  /**
   * Returns why `reader` cannot read what `writer` wrote; empty if it can. @throws AmbiguousField
   */
  compare(reader: AvroType, writer: AvroType, tokens: Tokens = []): readonly Incompatibility[] {
    let byWriter = this.results.get(reader);
    if (byWriter === undefined) {
      byWriter = new Map();
      this.results.set(reader, byWriter);
    }
    // A pair inside itself counts as compatible; an incompatibility elsewhere still fails it.
    if (byWriter.has(writer)) return byWriter.get(writer) ?? [];
    byWriter.set(writer, undefined);
    const found = this.comparePair(reader, writer, tokens);
    byWriter.set(writer, found);
    return found;
  }

  private comparePair(
    reader: AvroType,
    writer: AvroType,
    tokens: Tokens,
  ): readonly Incompatibility[] {
    if (reader.kind === 'union' && writer.kind === 'union') {
      return writer.branches.flatMap((branch, index) =>
        this.compare(reader, branch).length === 0
          ? []
          : missingBranch(branch, [...tokens, String(index)]),
      );
    }
    if (writer.kind === 'union') {
      return writer.branches.flatMap((branch, index) =>
        this.compare(reader, branch, [...tokens, String(index)]),
      );
    }
    if (reader.kind === 'union') {
      const readable = reader.branches.some((branch) => this.compare(branch, writer).length === 0);
      return readable ? [] : missingBranch(writer, tokens);
    }
    return this.compareSingle(reader, writer, tokens);
  }

  private compareSingle(
    reader: AvroType,
    writer: AvroType,
    tokens: Tokens,
  ): readonly Incompatibility[] {
    if (reader.kind === 'array' && writer.kind === 'array') {
      return this.compare(reader.items, writer.items, [...tokens, 'items']);
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      return this.compare(reader.values, writer.values, [...tokens, 'values']);
    }
    if (reader.kind === 'fixed' && writer.kind === 'fixed') {
      const sizes = reader.size === writer.size ? [] : otherSize(reader.size, writer.size, tokens);
      return [...names(reader, writer, tokens), ...sizes];
    }
    if (reader.kind === 'enum' && writer.kind === 'enum') {
      return [...names(reader, writer, tokens), ...symbols(reader, writer, tokens)];
    }
    if (reader.kind === 'record' && writer.kind === 'record') {
      return [...names(reader, writer, tokens), ...this.fields(reader, writer, tokens)];
    }
    if (reader.kind === writer.kind || isPromoted(writer, reader)) return [];
    return typeMismatch(reader, writer, tokens);
  }

  private fields(reader: RecordType, writer: RecordType, tokens: Tokens): Incompatibility[] {
    return reader.fields.flatMap((field, index) => {
      const at = [...tokens, 'fields', String(index)];
      const candidates = matchingFields(writer, field);
      if (candidates.length > 1) throw new AmbiguousField(pointerOf(at));
      const [from] = candidates;
      if (from !== undefined) return this.compare(field.type, from.type, [...at, 'type']);
      if (field.fallback !== undefined) return [];
      // Java compares an enum with a default to the writer's record, as if its default could fill
      // the field.
      if (field.type.kind === 'enum' && field.type.fallback !== null) {
        return this.compare(field.type, writer, [...at, 'type']);
      }
      const location = pointerOf(at);
      return [{ type: 'READER_FIELD_MISSING_DEFAULT_VALUE', location, message: field.name }];
    });
  }
}

/**
 * Returns the writer's fields that a reader's field matches by its name or one of its aliases. More
 * than one is an error of the reader's schema.
 */
export function matchingFields(
  writer: RecordType,
  field: { readonly name: string; readonly aliases: readonly string[] },
): RecordType['fields'] {
  const byName = writer.fields.filter((candidate) => candidate.name === field.name);
  const aliases = new Set(field.aliases);
  // The name as its own alias counts twice, as in Java.
  const byAlias = writer.fields.filter((candidate) => aliases.has(candidate.name));
  return [...byName, ...byAlias];
}

/** True if values of another kind of primitive type are read as the reader's. */
export function isPromoted(writer: AvroType, reader: AvroType): boolean {
  return promotions[reader.kind]?.includes(writer.kind) === true;
}

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** Compares names without namespaces; a reader's alias must be the writer's full name. */
export function sameName(reader: Named, writer: Named): boolean {
  return (
    unqualified(reader.name) === unqualified(writer.name) || reader.aliases.includes(writer.name)
  );
}

function names(reader: Named, writer: Named, tokens: Tokens): Incompatibility[] {
  if (sameName(reader, writer)) return [];
  const location = pointerOf([...tokens, 'name']);
  return [{ type: 'NAME_MISMATCH', location, message: `expected: ${writer.name}` }];
}

function otherSize(reader: number, writer: number, tokens: Tokens): Incompatibility[] {
  const location = pointerOf([...tokens, 'size']);
  const message = `expected: ${writer}, found: ${reader}`;
  return [{ type: 'FIXED_SIZE_MISMATCH', location, message }];
}

function symbols(reader: EnumType, writer: EnumType, tokens: Tokens): Incompatibility[] {
  const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol)).sort();
  if (missing.length === 0 || reader.fallback !== null) return [];
  const location = pointerOf([...tokens, 'symbols']);
  return [{ type: 'MISSING_ENUM_SYMBOLS', location, message: `[${missing.join(', ')}]` }];
}

function missingBranch(writer: AvroType, tokens: Tokens): Incompatibility[] {
  const message = `reader union lacking writer type: ${writer.kind.toUpperCase()}`;
  return [{ type: 'MISSING_UNION_BRANCH', location: pointerOf(tokens), message }];
}

function typeMismatch(reader: AvroType, writer: AvroType, tokens: Tokens): Incompatibility[] {
  const [to, from] = [reader.kind.toUpperCase(), writer.kind.toUpperCase()];
  const message = `reader type: ${to} not compatible with writer type: ${from}`;
  return [{ type: 'TYPE_MISMATCH', location: pointerOf(tokens), message }];
}
