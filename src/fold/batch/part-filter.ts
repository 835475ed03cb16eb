import type { FieldColumn } from '../../event/field-columns.ts';
import type { MeasureFilterPlan, SourcePlan } from '../../projection/plan/plan.ts';
import type { DeadLetter } from '../task/task-fold.ts';
import { compileCondition } from './compile-condition.ts';
import type { SourcePart } from './topic-batches.ts';

/** A filter of a measure or a step, evaluated once for each part of a batch. */
export class PartFilter {
  readonly #plan: MeasureFilterPlan;
  readonly #checks;
  readonly #functions: readonly ((event: never) => boolean)[];
  /** By source: 1 if the record does not pass. */
  readonly #skips: Uint8Array[] = [];

  constructor(plan: MeasureFilterPlan, sources: readonly SourcePlan[]) {
    this.#plan = plan;
    this.#functions = plan.where.flatMap((filter) =>
      filter.kind === 'function' ? [filter.accepts] : [],
    );
    const conditions = plan.where.flatMap((filter) =>
      filter.kind === 'conditions' ? filter.conditions : [],
    );
    this.#checks = sources.map((source) =>
      conditions.flatMap((condition) => {
        const field = source.event.fields.find(({ name }) => name === condition.field);
        if (field === undefined) return [];
        const fieldIndex = source.fields.indexOf(condition.field);
        return [{ fieldIndex, check: compileCondition(condition, field.type) }];
      }),
    );
  }

  /** Evaluates the filter on a part. A record for which a function throws fails. */
  prepare(part: SourcePart, deadLetters: DeadLetter[]): void {
    const { batch, source } = part;
    const skip = part.skip.slice(0, batch.count);
    this.#skips[source] = skip;
    if (this.#plan.source !== null && this.#plan.source !== source) {
      skip.fill(1);
      return;
    }
    for (const { fieldIndex, check } of this.#checks[source] ?? []) {
      check(part.columns[fieldIndex] as FieldColumn, batch.count, skip);
    }
    if (this.#functions.length === 0) return;
    part.each(deadLetters, 'where(…)', (j) => {
      if (skip[j] === 1) return;
      const event = part.eventAt(j) as never;
      if (!this.#functions.every((accepts) => accepts(event))) skip[j] = 1;
    });
  }

  /** True if record `j` of the prepared part of a source passes. */
  accepts(source: number, j: number): boolean {
    return this.#skips[source]?.[j] === 0;
  }
}
