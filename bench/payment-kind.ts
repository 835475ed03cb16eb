/** Kinds of projections whose rebuild is measured beside the windowed job's. */
export const PAYMENT_KINDS = [
  'table',
  'rows',
  'session',
  'pattern',
  'distinct',
  'sliding',
] as const;
export type PaymentKind = (typeof PAYMENT_KINDS)[number];

/** Name of the projection of a kind. */
export function kindName(kind: PaymentKind): string {
  return `payment_${kind}`;
}
