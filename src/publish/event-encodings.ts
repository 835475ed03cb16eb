import { createEventEncoder } from '../avro/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { type SubjectStrategies, subjectOf } from '../event/subject-of.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import type { RepriseError } from '../reprise-error.ts';

/** Encodes an event's value. @throws ENCODE_FAILED */
type Encode = (value: unknown) => Buffer;

/** Somebody who needs an encoding; what `ready` throws goes to `failed`. */
interface User {
  readonly ready: (encode: Encode) => void;
  readonly failed: (error: unknown) => void;
}

/** registering (`held` wait, in order) → ready. A registration that fails is forgotten, so that the next use tries again. */
interface Encoding {
  encode: Encode | undefined;
  held: User[];
  registered: Promise<void>;
}

/** The encodings of event definitions: each registers its schema when first used. */
export class EventEncodings {
  readonly #registry: SchemaRegistry;
  readonly #subjects: SubjectStrategies;
  readonly #encodings = new Map<EventDefinition, Encoding>();
  #holding = 0;

  constructor(registry: SchemaRegistry, subjects: SubjectStrategies) {
    this.#registry = registry;
    this.#subjects = subjects;
  }

  /** True while users wait for a registration. */
  get isHolding(): boolean {
    return this.#holding > 0;
  }

  /** Calls `ready` at once when the encoding is there, else after those who asked before. */
  use(event: EventDefinition, user: User): void {
    let encoding = this.#encodings.get(event);
    if (encoding === undefined) {
      encoding = { encode: undefined, held: [], registered: Promise.resolve() };
      this.#encodings.set(event, encoding);
      encoding.registered = this.#register(event, encoding);
    }
    if (encoding.encode !== undefined) {
      serve(user, encoding.encode);
      return;
    }
    encoding.held.push(user);
    this.#holding += 1;
  }

  /** Resolves when the registrations under way are over. */
  async settled(): Promise<void> {
    await Promise.all([...this.#encodings.values()].map(({ registered }) => registered));
  }

  /** Refuses all who wait. */
  abandon(error: RepriseError): void {
    for (const encoding of this.#encodings.values()) {
      for (const user of this.#release(encoding)) user.failed(error);
    }
  }

  async #register(event: EventDefinition, encoding: Encoding): Promise<void> {
    try {
      const encoder = createEventEncoder(event);
      const schemaId = await this.#schemaId(event);
      const encode = (value: unknown) => encoder.encode(value, schemaId);
      encoding.encode = encode;
      for (const user of this.#release(encoding)) serve(user, encode);
    } catch (error) {
      this.#encodings.delete(event);
      for (const user of this.#release(encoding)) user.failed(error);
    }
  }

  async #schemaId(event: EventDefinition): Promise<number> {
    const { topic, schemaText } = event;
    if (schemaText === undefined) return 0;
    const subject = subjectOf({ topic, schemaText }, this.#subjects);
    return (await this.#registry.register(subject, schemaText)).id;
  }

  #release(encoding: Encoding): readonly User[] {
    const users = encoding.held;
    encoding.held = [];
    this.#holding -= users.length;
    return users;
  }
}

function serve(user: User, encode: Encode): void {
  try {
    user.ready(encode);
  } catch (error) {
    user.failed(error);
  }
}
