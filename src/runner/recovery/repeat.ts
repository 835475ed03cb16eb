import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';
import { RepriseError } from '../../reprise-error.ts';
import { factsOf } from '../store/checkpoint-store.ts';
import type { JournalEntry } from '../store/journal-entry.ts';
import type { TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';

/**
 * The fate of dead letters in a run that is repeated exactly: they were not folded at their offset,
 * and some were folded later. Whether they could be folded today is not asked.
 */
export class Repeat {
  /** `topic offset` of records that were never folded. */
  readonly #aside: ReadonlySet<string>;
  readonly #redriven: ReadonlySet<string>;
  readonly #kept = new Map<string, RecordBatch>();
  readonly #folded = new Set<string>();

  /**
   * @param letters records that are still dead letters, as `recordId` names them @param journal
   * journal of the repeated run
   */
  constructor(letters: Iterable<string>, journal: readonly JournalEntry[]) {
    const named = (wanted: JournalEntry['kind']) =>
      journal.flatMap(({ kind, record }) =>
        kind === wanted && record !== undefined ? [recordId(record.topic, record.offset)] : [],
      );
    this.#aside = new Set([...letters, ...named('discard')]);
    this.#redriven = new Set(named('redrive'));
  }

  /**
   * Returns the records of a batch that were folded at their offset. Keeps those folded later until
   * `take`.
   */
  sift(batch: RecordBatch): RecordBatch {
    if (this.#aside.size === 0 && this.#redriven.size === 0) return batch;
    const rest: number[] = [];
    for (let i = 0; i < batch.count; i += 1) {
      const record = recordId(batch.topic, batch.offsets[i] as number);
      if (this.#redriven.has(record)) this.#kept.set(record, pickRecords(batch, [i]));
      else if (!this.#aside.has(record)) rest.push(i);
    }
    return rest.length === batch.count ? batch : pickRecords(batch, rest);
  }

  /**
   * Returns a kept record, to be folded now. `folded`: it was taken already (an older journal may
   * name a record twice, if two redrives folded it concurrently). Undefined: it was not in any
   * batch so far.
   */
  take({
    topic,
    offset,
  }: {
    readonly topic: string;
    readonly offset: bigint;
  }): RecordBatch | 'folded' | undefined {
    const record = recordId(topic, offset);
    if (this.#folded.has(record)) return 'folded';
    const batch = this.#kept.get(record);
    this.#kept.delete(record);
    this.#folded.add(record);
    return batch;
  }
}

/** Returns the name of a record in a `Repeat`. */
export function recordId(topic: string, offset: bigint | number | string): string {
  return `${topic} ${offset}`;
}

/** Returns the error for a journal that names a record which the run has not read. */
export function notMet(
  task: TaskKey,
  { topic, offset }: { readonly topic: string; readonly offset: bigint },
): RepriseError {
  return new RepriseError(
    'OFFSET_MISMATCH',
    `${taskLabel(task)} must fold ${topic}@${offset} again, which it has not read. The journal does not match the log.`,
    { facts: factsOf(task) },
  );
}
