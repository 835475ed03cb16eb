import { withSchemaId } from '../../avro/decode/confluent-header.ts';
import { AppendError } from '../../log/append-error.ts';
import type { AppendRecord, EventLog } from '../../log/event-log.ts';
import { publishedHeaders } from '../../log/published-headers.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { describeError } from '../session/open-session.ts';
import type { NumberedEvent } from '../store/outbox-queue-store.ts';

/** The outcome of sending events to one partition, by event id. */
export interface SendReport {
  readonly published: readonly string[];
  /** Certainly not in the log: they were not tried, or were refused together with others. */
  readonly notWritten: readonly string[];
  /** Certainly not in the log: each was refused for itself. */
  readonly refused: readonly {
    readonly id: string;
    readonly error: string;
    readonly attempts: number;
  }[];
  /** Unknown outcome: they keep their numbers and are sent again before all others. */
  readonly doubtful: readonly string[];
  /** The first failure among events that were not refused for themselves; null: there was none. */
  readonly failure: {
    readonly id: string;
    readonly error: string;
    readonly ofTopic: boolean;
  } | null;
}

/** An event with the id of its schema; null: it needs none. */
export interface ReadyEvent {
  readonly event: NumberedEvent;
  readonly schemaId: number | null;
}

/**
 * Sends events of one topic to one of its partitions, in order, and reports the outcome of each.
 * `sentBefore`: an earlier attempt may have succeeded, so a refusal of this one proves nothing.
 */
export async function sendEvents(
  log: EventLog,
  ready: readonly ReadyEvent[],
  sentBefore: boolean,
): Promise<SendReport> {
  const records = ready.map(recordOf);
  try {
    await log.append(records, { inKeyOrder: true });
    return { ...NOTHING, published: ready.map(({ event }) => event.id) };
  } catch (error) {
    const outcomes = error instanceof AppendError ? error.outcomes : records.map(() => error);
    return reportOf(ready, outcomes, sentBefore);
  }
}

const NOTHING: SendReport = {
  published: [],
  notWritten: [],
  refused: [],
  doubtful: [],
  failure: null,
};

function reportOf(
  ready: readonly ReadyEvent[],
  outcomes: readonly unknown[],
  sentBefore: boolean,
): SendReport {
  const published: string[] = [];
  const notWritten: string[] = [];
  const refused: { id: string; error: string; attempts: number }[] = [];
  const doubtful: string[] = [];
  let failure: SendReport['failure'] = null;
  for (const [i, { event }] of ready.entries()) {
    const { id, attempts } = event;
    const outcome = outcomes[i];
    if (!(outcome instanceof Error) || factOf(outcome, 'written') === 'yes') {
      published.push(id);
      continue;
    }
    const error = describeError(outcome);
    if (factOf(outcome, 'ofTheRecord') === true) {
      refused.push({ id, error, attempts });
      continue;
    }
    (isDefinite(outcome, sentBefore) ? notWritten : doubtful).push(id);
    // An event that waits behind a refused one of its key has not failed itself.
    if (factOf(outcome, 'behind') !== true) {
      failure ??= { id, error, ofTopic: isOfTopic(outcome) };
    }
  }
  return { published, notWritten, refused, doubtful, failure };
}

function factOf(error: unknown, name: string): unknown {
  return isRepriseError(error) ? error.facts[name] : undefined;
}

/** Whether it is certain that a record is not in the log. */
function isDefinite(error: unknown, sentBefore: boolean): boolean {
  // If the topic is gone, everything that was in it is gone too.
  if (isRepriseError(error, 'UNKNOWN_TOPIC')) return true;
  if (sentBefore) return false;
  return factOf(error, 'written') === 'no' || isOfTopic(error);
}

/** Whether the error concerns the topic as a whole: it is missing, or access is refused. */
export function isOfTopic(error: unknown): boolean {
  return isRepriseError(error, 'UNKNOWN_TOPIC') || isRepriseError(error, 'LOG_UNAUTHORIZED');
}

function recordOf({ event, schemaId }: ReadyEvent): AppendRecord {
  const { topic, target, key, value, timestampMs, eventId: id, ...published } = event;
  return {
    topic,
    partition: target,
    key,
    value: schemaId === null ? value : withSchemaId(value, schemaId),
    timestampMs,
    headers: publishedHeaders({ ...published, id }),
  };
}
