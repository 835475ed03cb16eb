/**
 * An event that could not be published. It is tried again until it can; the events of its key wait
 * behind it, in order, and those of other keys only where the whole topic or partition refuses.
 */
export interface PublishFailureStatus {
  readonly topic: string;
  /** Name of the event definition. */
  readonly event: string;
  /** The record key as text; null: it has none. */
  readonly key: string | null;
  readonly eventId: string;
  readonly since: Date;
  readonly attempts: number;
  /** Why, and what to do: `CODE: message`. */
  readonly error: string;
  readonly retryAt: Date;
}
