import { upcaster } from 'reprise';
import { UserActedV1, UserActedV2 } from '../history/index.ts';

/**
 * Version 1 counted in thousandths. Avro would read its longs as doubles without a word, a thousand
 * times too large.
 */
export const upcasters = [
  upcaster(UserActedV1, UserActedV2, (event) => ({
    ...event,
    amount: Number(event.amount) / 1000,
  })),
];
