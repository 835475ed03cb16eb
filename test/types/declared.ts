/** Events and proofs of the compile-time tests. */
import type { Decimal, EventDefinition } from 'reprise';

interface Paid {
  readonly accountId: string;
  readonly tenantId: bigint;
  readonly method: 'CARD' | 'CASH';
  readonly day: string;
  readonly flagged: boolean;
  readonly coupon: string | null;
  readonly amount: Decimal;
  readonly weight: number;
  readonly discount: number | null;
  readonly pieces: bigint | null;
  readonly paidAt: Date;
  readonly tags: readonly string[];
}
export declare const Paid: EventDefinition<Paid>;

interface Opened {
  readonly accountId: string;
  readonly owner: string;
  readonly openedAt: Date;
}
export declare const Opened: EventDefinition<Opened>;

/** What is published. */
interface Told {
  readonly accountId: string;
  readonly at: Date;
}
export declare const Told: EventDefinition<Told>;

/** Fails to compile unless both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export declare function same<A, B>(proof: Same<A, B>): void;
/** Intersections as one object type. */
export type Flat<Type> = { [Name in keyof Type]: Type[Name] };
