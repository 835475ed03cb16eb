import { expect, test } from 'vitest';
import { eventFields } from '../../../src/avro/decode/event-fields.ts';
import { parseRecordSchema } from '../../../src/avro/schema/parse-schema.ts';
import type { DataKeys } from '../../../src/erasure/data-keys.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import { EventSealer } from '../../../src/publish/event-sealer.ts';

const schema = JSON.stringify({
  type: 'record',
  name: 'Joined',
  fields: [
    { name: 'userId', type: 'string' },
    { name: 'email', type: 'string', pii: 'userId' },
  ],
});
const fields = eventFields(parseRecordSchema(schema, 'test'));
const joined = defineAvroEvent({ name: 'Joined', topic: 't', fields, schema });

test('an event whose key has to be fetched is not overtaken by the next of its definition; one that fails holds nobody up', async () => {
  const waiting = new Map<string, (failure: Error | null) => void>();
  const dataKeys: Pick<DataKeys, 'current'> = {
    current: (subject) =>
      new Promise((resolve, reject) => {
        waiting.set(subject, (failure) =>
          failure === null
            ? resolve({ id: 'k'.repeat(22), key: Buffer.alloc(32) })
            : reject(failure),
        );
      }),
  };
  const sealer = new EventSealer(dataKeys as DataKeys);
  expect(sealer.seals(joined)).toBe(true);
  const done: string[] = [];
  const sends = ['slow', 'broken', 'quick'].map((userId) =>
    sealer.seal(joined, { userId, email: 'x' }).then(
      () => done.push(userId),
      () => done.push(`${userId} failed`),
    ),
  );
  waiting.get('quick')?.(null);
  waiting.get('broken')?.(new Error('away'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toEqual([]);
  waiting.get('slow')?.(null);
  await Promise.all(sends);
  expect(done).toEqual(['slow', 'broken failed', 'quick']);
});
