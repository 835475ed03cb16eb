import { eventFields } from '../../src/avro/decode/event-fields.ts';
import { parseRecordSchema } from '../../src/avro/schema/parse-schema.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { KeyProvider } from '../../src/erasure/key-provider.ts';
import { localKeyProvider } from '../../src/erasure/local-key-provider.ts';
import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import { count, countDistinct, last } from '../../src/projection/declare/aggregates.ts';
import { bigint, columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';

/** The wrapping key of tests. */
export const WRAPPING_KEYS = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/** Somebody moved: `email` and `photo` are theirs. */
export interface Moved {
  readonly userId: string;
  readonly email: string;
  readonly photo: Buffer | null;
  readonly city: string;
  readonly amount: bigint;
  readonly at: Date;
}

const schema = JSON.stringify({
  type: 'record',
  name: 'Moved',
  fields: [
    { name: 'userId', type: 'string' },
    { name: 'email', type: 'string', pii: 'userId' },
    { name: 'photo', type: ['null', 'bytes'], default: null, pii: 'userId' },
    { name: 'city', type: 'string' },
    { name: 'amount', type: 'long' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
});

/**
 * The event on a topic of the test's own, and projections that see its fields in every way there
 * is.
 */
export function movesOn(topic: string) {
  const fields = eventFields(parseRecordSchema(schema, 'test'));
  const event = defineAvroEvent<Moved>({
    name: 'Moved',
    topic,
    key: 'userId',
    time: 'at',
    fields,
    schema,
  });
  const rows = columns({
    userId: text().primaryKey(),
    email: text(),
    photo: text(),
    total: bigint(),
  });

  /** From named fields, the subject in the key, a pii field in it too. */
  class ByEmail extends WindowedProjection {
    readonly name = 'by_email';
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId', 'email')
        .window(tumbling('1 day'))
        .measure({ n: count(), latest: last('email') });
    }
  }

  /** Keys that do not hold the subject. */
  class ByCity extends WindowedProjection {
    readonly name = 'by_city';
    readonly version = 1;
    define() {
      return this.from(event)
        .key('city')
        .window(tumbling('1 day'))
        .measure({ n: count(), people: countDistinct('email') });
    }
  }

  /** From whole events. Refuses some addresses, as a handler may. */
  class People extends TableProjection {
    readonly name = 'people';
    readonly version = 1;
    define() {
      return this.table(rows)
        .key('userId')
        .on(event, (row, { userId, email, photo, amount }) => {
          if (amount < 0n) throw new Error(`cannot charge ${email}`);
          return {
            userId,
            email,
            photo: photo?.toString('latin1') ?? '',
            total: (row?.total ?? 0n) + amount,
          };
        });
    }
  }

  /** Names no pii field. */
  class Totals extends WindowedProjection {
    readonly name = 'totals';
    readonly version = 1;
    define() {
      return this.from(event).key('userId').window(tumbling('1 day')).measure({ n: count() });
    }
  }

  return { event, topic, projections: [ByEmail, ByCity, People, Totals] };
}

/** An application of them. */
export function createPiiApp(options: {
  readonly databaseUrl: string;
  readonly moves: ReturnType<typeof movesOn>;
  readonly brokers?: readonly string[];
  /** Laid around the provider. */
  readonly around?: (provider: KeyProvider) => KeyProvider;
}) {
  const { databaseUrl, moves, brokers, around = (provider) => provider } = options;
  return createReprise({
    projections: moves.projections,
    events: [moves.event],
    database: { type: 'url', url: databaseUrl },
    log: brokers === undefined ? { type: 'postgres' } : { type: 'kafka', brokers: [...brokers] },
    registry: { type: 'postgres' },
    erasure: { keyProvider: around(localKeyProvider(WRAPPING_KEYS)) },
    topicPartitions: 2,
    onError: 'skip',
    logLevel: 'silent',
  });
}
