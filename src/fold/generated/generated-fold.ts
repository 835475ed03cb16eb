import { claimsRecord, schemaIdAt } from '../../avro/decode/claims-record.ts';
import { readerSource } from '../../avro/decode/reader-source.ts';
import { hasPublished } from '../../log/published-headers.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { sliceBatch } from '../../log/slice-batch.ts';
import type { SourcePlan, WindowedPlan } from '../../projection/plan/plan.ts';
import type { TumblingWindow } from '../../projection/plan/window-plan.ts';
import type { Measures } from '../aggregate/measures.ts';
import type { EventClock } from '../batch/event-clock.ts';
import { sourcesWithPii } from '../batch/sources-with-pii.ts';
import type { Keys } from '../rows/keys.ts';
import type { RowState } from '../rows/row-state.ts';
import type { DeadLetter } from '../task/task-fold.ts';
import { accumulatorSource } from './accumulator-source.ts';
import { foldSource } from './fold-source.ts';

/**
 * Maximum number of records passed to the columnar fold at a time, while nearly all are unusual.
 */
const STRETCH_MAX = 4_096;

/** The state of the generated function; it changes the numbers. */
interface Task {
  readonly keys: Keys;
  readonly state: RowState;
  /** The accumulators, for cases that the statements do not handle. */
  readonly slow: readonly unknown[];
  latestMs: number;
  watermarkMs: number;
  lateCount: number;
}

type Run = (batch: RecordBatch, from: number, task: Task) => number;

/** The state that it folds into. */
export interface GeneratedFoldTarget {
  readonly keys: Keys;
  readonly rows: { readonly state: RowState; readonly measures: Measures };
  readonly clock: EventClock;
}

/**
 * The fold of a windowed plan as generated code (ADR 0030): decoding, key, window and measures in
 * one function per writer schema, created with `new Function`. It folds common records and passes
 * every other record to the columnar fold, which alone handles special cases; so the two cannot
 * disagree.
 */
export class GeneratedFold {
  readonly #source: SourcePlan;
  readonly #bodyOf: (read: string, schemaId: number) => string;
  readonly #target: GeneratedFoldTarget;
  readonly #task: Task;
  readonly #runs = new Map<number, Run>();
  /** Schemas of other events of the topic: their records are ignored. */
  readonly #foreign = new Set<number>();

  /**
   * Creates the generated fold of a plan in which nothing depends on the moment a window closes;
   * null if the plan has a feature without generated code.
   */
  static of(plan: WindowedPlan, target: GeneratedFoldTarget): GeneratedFold | null {
    const { window, keys, sources } = plan;
    const [source, second] = sources;
    const [key, otherKey] = keys;
    if (source === undefined || second !== undefined || source.event.format !== 'avro') return null;
    if (key === undefined || otherKey !== undefined || window.kind !== 'tumbling') return null;
    if (plan.late !== 'revise' || source.where.length > 0) return null;
    if (sourcesWithPii(plan).length > 0) return null;
    const accumulate = statementsOf(source, target.rows);
    const keyIndex = source.fields.indexOf(key.field);
    const isText = key.type.kind === 'string' || key.type.kind === 'uuid';
    if (accumulate === null || !isText) return null;
    return new GeneratedFold(source, target, (read, schemaId) =>
      foldSource({
        plan,
        window: window as TumblingWindow,
        time: source.time,
        fields: source.fields,
        key: keyIndex,
        schemaId,
        stride: target.rows.state.stride,
        read,
        accumulate,
      }),
    );
  }

  private constructor(
    source: SourcePlan,
    target: GeneratedFoldTarget,
    bodyOf: (read: string, schemaId: number) => string,
  ) {
    this.#source = source;
    this.#bodyOf = bodyOf;
    this.#target = target;
    this.#task = {
      keys: target.keys,
      state: target.rows.state,
      slow: target.rows.measures.places.map(({ accumulator }) => accumulator),
      latestMs: 0,
      watermarkMs: 0,
      lateCount: 0,
    };
  }

  /**
   * Generates the code of a writer schema. If the schema or the host does not allow it, its records
   * go to the columnar fold.
   */
  resolve(schemaId: number, schema: string | Error): void {
    if (schema instanceof Error) return;
    const { event, fields } = this.#source;
    if (!claimsRecord(event, schema)) {
      this.#foreign.add(schemaId);
      return;
    }
    const read = readerSource({ event, fields, schemaText: schema });
    if (read === null) return;
    const run = compile(this.#bodyOf(read, schemaId));
    if (run !== null) this.#runs.set(schemaId, run);
  }

  /**
   * Folds a batch. Calls `columnar` for the ranges of unusual records, in order.
   * @returns the dead letters that `columnar` returned, and the number of late events found here
   */
  fold(
    batch: RecordBatch,
    columnar: (part: RecordBatch) => readonly DeadLetter[],
  ): { readonly deadLetters: DeadLetter[]; readonly lateCount: number } {
    const deadLetters: DeadLetter[] = [];
    this.#task.lateCount = 0;
    // Batches of published records go to the columnar fold: their headers contain watermarks.
    if (hasPublished(batch)) return { deadLetters: [...columnar(batch)], lateCount: 0 };
    let stretch = 1;
    for (let from = 0; from < batch.count; ) {
      const next = this.#run(batch, from);
      if (next === batch.count) break;
      stretch = next > from ? 1 : Math.min(2 * stretch, STRETCH_MAX);
      const until = Math.min(next + stretch, batch.count);
      deadLetters.push(...columnar(stretchOf(batch, next, until)));
      from = until;
    }
    return { deadLetters, lateCount: this.#task.lateCount };
  }

  /** Folds from one record on. @returns the first record that is not folded */
  #run(batch: RecordBatch, from: number): number {
    const { clock } = this.#target;
    const task = this.#task;
    task.latestMs = clock.maxEventTimeMs ?? Number.NEGATIVE_INFINITY;
    task.watermarkMs = clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    let next = from;
    let events = 0;
    for (let before = -1; before < next && next < batch.count; ) {
      before = next;
      for (const run of this.#runs.values()) next = run(batch, next, task);
      events += next - before;
      if (this.#foreign.size > 0) next = this.#passOver(batch, next);
    }
    if (events > 0) clock.passed(task.latestMs, task.watermarkMs, events);
    return next;
  }

  /** @returns the first record from `from` on that is not of another event */
  #passOver(batch: RecordBatch, from: number): number {
    let next = from;
    while (next < batch.count && this.#foreign.has(schemaIdAt(batch, next))) next += 1;
    return next;
  }
}

/** Returns the statements of each accumulator; null if one cannot be expressed as statements. */
function statementsOf(
  source: SourcePlan,
  rows: GeneratedFoldTarget['rows'],
): readonly string[] | null {
  const statements = rows.measures.places.map(({ plan, at }, n) => {
    const field = plan.field === null ? -1 : source.fields.indexOf(plan.field);
    const type = source.event.fields.find(({ name }) => name === plan.field)?.type.kind;
    const isDouble = type === 'double' || type === 'float';
    if (plan.kind !== 'count' && !isDouble) return null;
    return accumulatorSource({ plan, at, field, n });
  });
  return statements.includes(null) ? null : (statements as string[]);
}

/**
 * Functions by their text, oldest first. They keep no state between calls, and the engine's
 * optimization of one also serves the next partition.
 */
const made = new Map<string, Run>();
const MADE_MAX = 64;

/**
 * Compiles a function. Null if the host forbids code from text (a content security policy,
 * `--disallow-code-generation-from-strings`).
 */
function compile(body: string): Run | null {
  const known = made.get(body);
  if (known !== undefined) return known;
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own text
    const run = new Function('batch', 'from', 'task', body) as Run;
    const [oldest] = made.keys();
    if (made.size >= MADE_MAX && oldest !== undefined) made.delete(oldest);
    made.set(body, run);
    return run;
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}

function stretchOf(batch: RecordBatch, from: number, until: number): RecordBatch {
  const firstOffset = from === 0 ? batch.firstOffset : (batch.offsets[from] as number);
  const nextOffset = until === batch.count ? batch.nextOffset : (batch.offsets[until] as number);
  return sliceBatch(batch, { from, until }, { firstOffset, nextOffset });
}
