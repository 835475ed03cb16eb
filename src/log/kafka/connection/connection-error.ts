import { RepriseError } from '../../../reprise-error.ts';

/**
 * What a failure below the protocol means: LOG_UNAUTHORIZED when the broker refused the
 * credentials, else LOG_UNAVAILABLE (retriable). Names the brokers, and says what to do.
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
