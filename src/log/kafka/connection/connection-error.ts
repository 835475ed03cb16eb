import { RepriseError } from '../../../reprise-error.ts';

/**
 * Returns the error for a failure below the protocol: LOG_UNAUTHORIZED if the broker refused the
 * credentials, otherwise LOG_UNAVAILABLE (retriable). Names the brokers and gives advice.
 */
export function connectionError(cause: unknown, brokers: readonly string[]): RepriseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const broker = brokers.join(', ');
  if (cause instanceof Error && /SASL/i.test(`${cause.name} ${reason}`)) {
    return new RepriseError(
      'LOG_UNAUTHORIZED',
      `Kafka at ${broker} refused the credentials (${reason}). Check the SASL mechanism, user and password of the log.`,
      { cause, facts: { broker } },
    );
  }
  return new RepriseError(
    'LOG_UNAVAILABLE',
    `Kafka at ${broker} cannot be reached (${reason}). Start it, or correct the log's brokers, ssl and sasl settings.`,
    { cause, retriable: true, facts: { broker } },
  );
}
