import { createEventEncoder } from '../avro/decode/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import type { SubjectStrategies } from '../event/subject-of.ts';
import { registerEvent } from '../registry/register-event.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import type { RepriseError } from '../reprise-error.ts';

/** Encodes an event's value. @throws ENCODE_FAILED */
export type Encode = (value: unknown) => Buffer;

interface Held {
  readonly resolve: (encode: Encode) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Caches the encodings of event definitions. Each registers its schema at first use: unknown →
 * registering → ready. A failed registration is forgotten, so that the next call tries again.
 */
export class EventEncodings {
  readonly #registry: SchemaRegistry;
  readonly #subjects: SubjectStrategies;
  readonly #ready = new Map<EventDefinition, Encode>();
  readonly #registering = new Map<EventDefinition, Held[]>();
  readonly #under = new Set<Promise<void>>();

  constructor(registry: SchemaRegistry, subjects: SubjectStrategies) {
    this.#registry = registry;
    this.#subjects = subjects;
  }

  get isRegistering(): boolean {
    return this.#under.size > 0;
  }

  /** Returns the encoding if its schema is registered and no earlier caller still waits. */
  ready(event: EventDefinition): Encode | undefined {
    return this.#ready.get(event);
  }

  /**
   * Resolves in the order of the calls, before `ready` returns the encoding. @throws as the
   * registry, SCHEMA_INVALID
   */
  register(event: EventDefinition): Promise<Encode> {
    return new Promise((resolve, reject) => {
      const held = this.#registering.get(event);
      if (held !== undefined) {
        held.push({ resolve, reject });
        return;
      }
      this.#registering.set(event, [{ resolve, reject }]);
      const registered = this.#register(event).finally(() => this.#under.delete(registered));
      this.#under.add(registered);
    });
  }

  /** Resolves when the current registrations have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#under);
  }

  /** Rejects all waiting callers. */
  abandon(error: RepriseError): void {
    for (const event of this.#registering.keys()) {
      for (const { reject } of this.#take(event)) reject(error);
    }
  }

  async #register(event: EventDefinition): Promise<void> {
    try {
      const encoder = createEventEncoder(event);
      const schemaId = (await registerEvent(this.#registry, event, this.#subjects))?.id ?? 0;
      const encode = (value: unknown) => encoder.encode(value, schemaId);
      // Served callers resume in microtasks. New callers wait until these have run.
      for (let held = this.#take(event); held.length > 0; held = this.#take(event)) {
        for (const { resolve } of held) resolve(encode);
        await Promise.resolve();
      }
      this.#registering.delete(event);
      this.#ready.set(event, encode);
    } catch (error) {
      const held = this.#take(event);
      this.#registering.delete(event);
      for (const { reject } of held) reject(error);
    }
  }

  /** Removes and returns the waiting callers; the registration continues. */
  #take(event: EventDefinition): readonly Held[] {
    const held = this.#registering.get(event) ?? [];
    this.#registering.set(event, []);
    return held;
  }
}
