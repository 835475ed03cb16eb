import type { EventDefinition } from '../event/event-definition.ts';
import { recordKeyOf, recordTimeOf } from '../event/record-key-of.ts';
import type { AppendRecord } from '../log/event-log.ts';
import type { PublishOptions } from './publisher.ts';

/**
 * Creates the record of an encoded event: its key field as key, its time field (otherwise the
 * current time) as timestamp, unless the options override them.
 */
export function recordOf(
  event: EventDefinition,
  encoded: Buffer,
  value: unknown,
  options: PublishOptions | undefined,
): AppendRecord {
  const record = {
    topic: event.topic,
    key: recordKeyOf(event, value),
    value: encoded,
    timestampMs: options?.timestampMs ?? recordTimeOf(event, value) ?? Date.now(),
  };
  if (options === undefined) return record;
  const { partition, headers } = options;
  return {
    ...record,
    ...(partition === undefined ? {} : { partition }),
    ...(headers === undefined ? {} : { headers }),
  };
}
