import { piiFieldsOf } from '../avro/pii/pii-fields.ts';
import { sealEvent, subjectsOf } from '../avro/pii/seal-event.ts';
import { currentKeys, type DataKeys } from '../erasure/data-keys.ts';
import type { EventDefinition } from '../event/event-definition.ts';

/** Maximum number of events that wait for keys before `isFull` is true. */
const SEALING_MAX = 10_000;

/**
 * Encrypts the `pii` fields of events before they are encoded, in the order of the calls for each
 * event definition: an event whose key must be fetched is not overtaken.
 */
export class EventSealer {
  readonly #dataKeys: DataKeys;
  readonly #last = new WeakMap<EventDefinition, Promise<unknown>>();
  readonly #sealing = new Set<Promise<unknown>>();

  constructor(dataKeys: DataKeys) {
    this.#dataKeys = dataKeys;
  }

  /** True if an event has fields to encrypt; other events need not wait. */
  seals(event: EventDefinition): boolean {
    return piiFieldsOf(event).length > 0;
  }

  /** True if so many events wait for their keys that the caller should wait before it adds more. */
  get isFull(): boolean {
    return this.#sealing.size >= SEALING_MAX;
  }

  /** Resolves when all events added so far are encrypted or have failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#sealing);
  }

  /**
   * Encrypts an event. @throws ENCODE_FAILED, KEY_PROVIDER_FAILED, CONFIG_INVALID without a
   * provider
   */
  seal(event: EventDefinition, value: unknown): Promise<unknown> {
    const sealed = this.#seal(event, value);
    const done = () => this.#sealing.delete(sealed);
    this.#sealing.add(sealed);
    sealed.then(done, done);
    return sealed;
  }

  async #seal(event: EventDefinition, value: unknown): Promise<unknown> {
    const before = this.#last.get(event);
    const keys = currentKeys(this.#dataKeys, subjectsOf(event, value));
    const ready = Promise.allSettled([before, keys]);
    this.#last.set(event, ready);
    await ready;
    return sealEvent(event, value, await keys);
  }
}
