import type { SnakeCase } from '../plan/snake-case.ts';
import type { ScoreMeasure } from './z-score.ts';

/**
 * What the compiler finds wrong with measures as a whole: names of columns that there are already
 * (`Taken`, by SQL names) or that are reserved, and scores of measures that there are not. Such a
 * measure must be a `Mistake`, which nothing is. Names that are not known at compile time pass.
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

/** Nothing is this; the compiler's message quotes what is wrong. */
interface Mistake<What extends string> {
  readonly __mistake: What & never;
}

/** Named by public signatures. */
export type { Mistake };
