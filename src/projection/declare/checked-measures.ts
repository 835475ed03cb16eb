import type { SnakeCase } from '../plan/snake-case.ts';
import type { ScoreMeasure } from './z-score.ts';

/**
 * Compile-time check of measures as a whole. A measure is a mistake if its name is already a column
 * (`Taken`, by SQL names) or reserved, or if it scores a measure that does not exist; it must then
 * be a `Mistake`, which no value is. Names unknown at compile time pass.
 */
export type CheckedMeasures<Measures, Taken extends string> = string extends keyof Measures | Taken
  ? unknown
  : {
      readonly [Name in keyof Measures & string]: SnakeCase<Name> extends Taken | `_${string}`
        ? Mistake<`the column ${SnakeCase<Name>} is reserved`>
        : Measures[Name] extends ScoreMeasure<infer Of>
          ? Of extends Exclude<keyof Measures, Name>
            ? unknown
            : Mistake<`there is no other measure ${Of}`>
          : unknown;
    };

/** A type that no value has; the compiler's message quotes the mistake. */
interface Mistake<What extends string> {
  readonly __mistake: What & never;
}

/** Named by public signatures. */
export type { Mistake };
