import type { FieldColumn } from '../../event/field-columns.ts';
import type { PlanBase } from '../../projection/plan/plan.ts';
import type { Keys } from '../rows/keys.ts';
import { NULL_KEY } from '../rows/keys.ts';
import { KEY_TEXT_BYTES_MAX } from '../rows/postgres-limits.ts';
import type { DeadLetter } from '../task/task-fold.ts';
import { deadLetterAt } from './dead-letter-at.ts';
import type { SourcePart } from './topic-batches.ts';

/**
 * Looks up the key ids of a part's records, into `ids` or a larger array. Records whose key cannot
 * be stored become dead letters.
 */
export function internKeys(
  { plan, keys }: { readonly plan: Pick<PlanBase, 'name' | 'keys'>; readonly keys: Keys },
  part: SourcePart,
  ids: Int32Array,
  deadLetters: DeadLetter[],
): Int32Array {
  const { batch, skip } = part;
  const found = ids.length >= batch.count ? ids : new Int32Array(batch.count);
  const columns = plan.keys.map(
    ({ field }) => part.columns[part.plan.fields.indexOf(field)] as FieldColumn,
  );
  keys.intern(columns, batch.count, skip, found);
  for (let j = 0; j < batch.count; j += 1) {
    const id = found[j] as number;
    if (skip[j] === 1 || id >= 0) continue;
    skip[j] = 1;
    const place = `${batch.topic}[${batch.partition}]@${batch.offsets[j]}`;
    const key = `the key (${plan.keys.map(({ field }) => field).join(', ')}) of ${plan.name}`;
    deadLetters.push(
      id === NULL_KEY
        ? deadLetterAt(batch, j, 'NULL_KEY', `${place}: ${key} is null.`)
        : deadLetterAt(
            batch,
            j,
            'DECODE_FAILED',
            `${place}: ${key} is not what Postgres can hold as a key: UTF-8 without zero characters, ${KEY_TEXT_BYTES_MAX} bytes at most; days from 4713 BC.`,
          ),
    );
  }
  return found;
}
