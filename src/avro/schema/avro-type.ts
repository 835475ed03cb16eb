/** Logical types that reprise supports; others are ignored, as the Avro specification requires. */
export type Logical =
  | { readonly name: 'uuid' | 'date' | 'timestamp-millis' | 'timestamp-micros' }
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number };

/** A primitive type. */
export interface PrimitiveType {
  readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';
  readonly logical: Logical | null;
  /** The `logicalType` that the schema declares, whether reprise knows it or not. */
  readonly declared?: string;
}

/** An enum. `fallback` is its default symbol, which replaces unknown symbols. */
export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly symbols: readonly string[];
  readonly fallback: string | null;
}

/** A fixed type of `size` bytes. */
export interface FixedType {
  readonly kind: 'fixed';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly size: number;
  readonly logical: Logical | null;
  /** As for primitives. */
  readonly declared?: string;
}

/** An array. */
export interface ArrayType {
  readonly kind: 'array';
  readonly items: AvroType;
}

/** A map with text keys. */
export interface MapType {
  readonly kind: 'map';
  readonly values: AvroType;
}

/** A union of branches. */
export interface UnionType {
  readonly kind: 'union';
  readonly branches: readonly AvroType[];
}

/**
 * One field of a record. `fallback` is undefined if the schema has no default (null is a default).
 */
export interface RecordField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  readonly fallback: unknown;
  readonly doc: string | undefined;
  /** For personal data: the field that holds the subject (rules: `piiFields`). */
  readonly pii?: string;
}

/** A record; recursive schemas make the type graph cyclic. */
export interface RecordType {
  readonly kind: 'record';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly fields: RecordField[];
  readonly doc: string | undefined;
}

/** A parsed Avro schema, names resolved. `name` is always the full name. */
export type AvroType =
  | PrimitiveType
  | EnumType
  | FixedType
  | ArrayType
  | MapType
  | UnionType
  | RecordType;

/** Returns the logical type of a schema; null if it has none. */
export function logicalOf(type: AvroType): Logical | null {
  return 'logical' in type ? type.logical : null;
}

/** Returns the part of a name after the last dot. */
export function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
