import type { PaymentAppOptions } from './payment-app.ts';
import { PAYMENT_APP, paymentConfig } from './payment-app.ts';

const options = process.env[PAYMENT_APP];
if (options === undefined) throw new Error(`${PAYMENT_APP} is not set`);

/** Configuration file of the measured application, for its worker threads. */
export default paymentConfig(JSON.parse(options) as PaymentAppOptions);
