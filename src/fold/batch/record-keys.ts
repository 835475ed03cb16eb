import type { FieldColumn } from '../../event/field-columns.ts';
import type { PlanBase } from '../../projection/plan/plan.ts';
import type { Keys } from '../rows/keys.ts';
import { NULL_KEY } from '../rows/keys.ts';
import { KEY_TEXT_BYTES_MAX } from '../rows/postgres-limits.ts';
import type { DeadLetter } from '../task/task-fold.ts';
import { deadLetterAt } from './dead-letter-at.ts';
import type { SourcePart } from './topic-batches.ts';

/** The key ids of the records of a batch, by part. */
export class RecordKeys {
  readonly #plan: Pick<PlanBase, 'name' | 'keys'>;
  readonly #keys: Keys;
  /** By source; reused for the next batch. */
  readonly #ids: Int32Array[] = [];

  constructor(plan: Pick<PlanBase, 'name' | 'keys'>, keys: Keys) {
    this.#plan = plan;
    this.#keys = keys;
  }

  /** Returns the key ids of a part's records, after `intern`. */
  of(part: SourcePart): Int32Array {
    return this.#ids[part.source] as Int32Array;
  }

  /** Looks up the keys of a part's records; one whose key cannot be stored is a dead letter. */
  intern(part: SourcePart, deadLetters: DeadLetter[]): void {
    const { batch, skip } = part;
    const { name, keys } = this.#plan;
    let ids = this.#ids[part.source];
    if (ids === undefined || ids.length < batch.count) ids = new Int32Array(batch.count);
    this.#ids[part.source] = ids;
    const columns = keys.map(
      ({ field }) => part.columns[part.plan.fields.indexOf(field)] as FieldColumn,
    );
    this.#keys.intern(columns, batch.count, skip, ids);
    for (let j = 0; j < batch.count; j += 1) {
      const id = ids[j] as number;
      if (skip[j] === 1 || id >= 0) continue;
      skip[j] = 1;
      const place = `${batch.topic}[${batch.partition}]@${batch.offsets[j]}`;
      const key = `the key (${keys.map(({ field }) => field).join(', ')}) of ${name}`;
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
  }
}
