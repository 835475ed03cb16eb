import { subjectOf } from '../../event/subject-of.ts';
import { findOrRegister } from '../../registry/registry-history.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import type { QueuedEvent } from '../store/outbox-queue-store.ts';

/** Caches the registry's ids of the schemas of published events. Each schema is registered once. */
export class EventSchemas {
  readonly #settings: Pick<RunnerSettings, 'registry' | 'subjects'>;
  readonly #ids = new Map<string, number>();

  constructor(settings: Pick<RunnerSettings, 'registry' | 'subjects'>) {
    this.#settings = settings;
  }

  /** Returns the schema id for an event; null: it needs none. @throws what the registry throws */
  async idOf({ topic, schemaText }: QueuedEvent): Promise<number | null> {
    if (schemaText === null) return null;
    const { registry, subjects } = this.#settings;
    const subject = subjectOf({ topic, schemaText }, subjects);
    const known = this.#ids.get(subject + schemaText);
    if (known !== undefined) return known;
    const { id } = await findOrRegister(registry, subject, schemaText);
    this.#ids.set(subject + schemaText, id);
    return id;
  }
}
