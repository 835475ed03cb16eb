/**
 * The type of one top-level field of an event, as projections and read models see it: Avro's types
 * after logical types are applied. Fields of JSON events get the same types. The comment beside
 * each kind names the TypeScript type of its values.
 */
export type FieldType =
  | { readonly kind: 'string' } // string
  | { readonly kind: 'uuid' } // string, as written
  | { readonly kind: 'boolean' } // boolean
  | { readonly kind: 'int' } // number
  | { readonly kind: 'long' } // bigint
  | { readonly kind: 'float' } // number
  | { readonly kind: 'double' } // number
  | { readonly kind: 'bytes' } // Buffer
  | { readonly kind: 'enum'; readonly symbols: readonly string[] } // union of string literals
  | { readonly kind: 'date' } // string, 'YYYY-MM-DD': a day has no time zone
  | { readonly kind: 'timestamp-millis' } // Date
  | { readonly kind: 'timestamp-micros' } // bigint, microseconds since the epoch
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number } // Decimal
  // records, arrays, maps, wider unions: cannot be a field of a measure or key
  | { readonly kind: 'other' };

/**
 * One top-level field of an event definition. `nullable`: the value may be null (a union with
 * null).
 */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
}
