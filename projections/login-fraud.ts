import { begin, PatternProjection } from 'reprise';
import { FraudSuspected, LoginAttempted } from '../schemas/index.ts';

/**
 * The classic of event patterns: three failed log-ins of a user in a row within five minutes, a row
 * in `login_fraud` and an event on `fraud-alerts`.
 */
export class LoginFraud extends PatternProjection {
  readonly name: string = 'login_fraud';
  readonly version: number = 1;

  define() {
    const failed = { where: { result: 'FAILURE' } } as const;
    return this.from(LoginAttempted)
      .key('userId')
      .pattern(
        begin('first', failed).next('second', failed).next('third', failed).within('5 minutes'),
      )
      .row((m) => ({ firstFailureAt: m.first.occurredAt, lastFailureAt: m.third.occurredAt }))
      .alert(FraudSuspected, (m) => ({
        userId: m.first.userId,
        firstFailureAt: m.first.occurredAt,
        at: m.third.occurredAt,
      }));
  }
}
