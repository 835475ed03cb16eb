import type { ResolvedConfig } from '../config/reprise-config.ts';
import type { EventLog } from '../log/event-log.ts';
import { registerEvent } from '../registry/register-event.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { isRepriseError } from '../reprise-error.ts';

/**
 * Creates the missing topics of the declared events, and registers their schemas. Existing topics
 * keep their number of partitions.
 */
export async function setUpTopicsAndSchemas(
  config: Pick<ResolvedConfig, 'events' | 'topicPartitions' | 'subjects'>,
  log: EventLog,
  registry: SchemaRegistry,
): Promise<void> {
  const topics = [...new Set(config.events.map(({ topic }) => topic))];
  for (const topic of topics) {
    if (!(await exists(log, topic))) {
      await log.ensureTopics([{ topic, partitions: config.topicPartitions }]);
    }
  }
  for (const event of config.events) {
    // Recorded versions first, so that the registry receives the changes in order.
    for (const each of [...(event.evolution?.versions ?? []), event]) {
      await registerEvent(registry, each, config.subjects);
    }
  }
}

async function exists(log: EventLog, topic: string): Promise<boolean> {
  try {
    await log.describe([topic]);
    return true;
  } catch (error) {
    if (isRepriseError(error, 'UNKNOWN_TOPIC')) return false;
    throw error;
  }
}
