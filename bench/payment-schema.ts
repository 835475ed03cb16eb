import { readFileSync } from 'node:fs';

/** The schema of a payment, as text. */
export const PAYMENT_SCHEMA = readFileSync(new URL('./payment.avsc', import.meta.url), 'utf8');
