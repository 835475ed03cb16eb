import type { PatternPlan } from '../../projection/plan/plan.ts';
import type { RowSet } from '../../projection/plan/row-set.ts';
import { snakeCase } from '../../projection/plan/snake-case.ts';
import { RepriseError } from '../../reprise-error.ts';
import { toRowSet, valueFault } from '../rows/to-column-values.ts';
import { emissionId, timesBefore } from '../task/emission-id.ts';
import type { Cause, Emission } from '../task/task-fold.ts';
import type { MatchEvent } from './key-state.ts';
import { chainOf, eventsByStep } from './key-state.ts';
import type { Match } from './matcher.ts';
import type { PatternGraph } from './pattern-graph.ts';

/** Creates rows and events of matches. */
export class MatchRows {
  readonly #plan: PatternPlan;
  readonly #graph: PatternGraph;
  #rows: unknown[][] = [];
  #emissions: Emission[] = [];

  constructor(plan: PatternPlan, graph: PatternGraph) {
    this.#plan = plan;
    this.#graph = graph;
  }

  /**
   * Adds a match of a key, given by its parts, and the event that completed it. @throws
   * HANDLER_FAILED if a value does not fit its column; what the user's functions throw
   */
  add(
    key: readonly (string | number | bigint)[],
    match: Match,
    by: { readonly event: MatchEvent | null; readonly dueMs: number },
  ): void {
    const { timedOut, matchedAtMs, certainAtMs } = match;
    const events = eventsByStep(this.#graph, match.last);
    const positions = chainOf(match.last).map(({ step, event }) => ({
      step,
      topic: event.topic,
      partition: event.partition,
      offset: String(event.offset),
    }));
    const kind = timedOut ? 'timeout' : 'match';
    const id = emissionId(this.#plan.name, kind, ...key, JSON.stringify(positions));
    const { emissions } = this.#plan;
    for (const [i, { on, event, make }] of emissions.entries()) {
      if (on !== kind) continue;
      const value = make(events as never);
      if (value === null || value === undefined) continue;
      this.#emissions.push({
        event,
        value,
        id: emissionId(id, event.name, ...timesBefore(emissions, i)),
        timestampMs: certainAtMs,
        cause: { records: recordsOf(match, by.event), dueMs: by.dueMs },
      });
    }
    if (timedOut && !this.#plan.keepsTimeouts) return;
    this.#rows.push(this.#rowOf(key, { id, positions, timedOut, matchedAtMs, events }));
  }

  /** Returns the rows since the last call; null: none. */
  takeRows(): RowSet | null {
    if (this.#rows.length === 0) return null;
    const rows = toRowSet(this.#plan.table.columns, this.#rows);
    this.#rows = [];
    return rows;
  }

  takeEmissions(): readonly Emission[] {
    const taken = this.#emissions;
    this.#emissions = [];
    return taken;
  }

  #rowOf(
    key: readonly (string | number | bigint)[],
    match: {
      readonly id: string;
      readonly positions: unknown;
      readonly timedOut: boolean;
      readonly matchedAtMs: number;
      readonly events: Readonly<Record<string, unknown>>;
    },
  ): unknown[] {
    const values: Record<string, unknown> = {
      match_id: match.id,
      matched_at: new Date(match.matchedAtMs),
      positions: match.positions,
      timed_out: match.timedOut,
    };
    for (const [i, { column, type }] of this.#plan.keys.entries())
      values[column] = keyValue(key[i], type.kind);
    for (const [name, value] of Object.entries(this.#ownValues(match)))
      values[snakeCase(name)] = value;
    return this.#plan.table.columns.map((column) => {
      const value = values[column.name] ?? null;
      const fault = valueFault(column, value);
      if (fault === null) return value;
      throw new RepriseError(
        'HANDLER_FAILED',
        `${this.#plan.name} .row(…): "${column.name}" is ${fault}.`,
      );
    });
  }

  /**
   * Returns the values of `.row`. A partial match may lack steps that `.row` reads: those columns
   * are NULL.
   */
  #ownValues({
    events,
    timedOut,
  }: {
    readonly events: Readonly<Record<string, unknown>>;
    readonly timedOut: boolean;
  }) {
    const { row } = this.#plan;
    if (row === null) return {};
    if (!timedOut) return row(events as never);
    try {
      return row(events as never);
    } catch {
      return {};
    }
  }
}

/**
 * Converts a part of a key to a column value: the dictionary stores days and booleans as numbers.
 */
function keyValue(part: string | number | bigint | undefined, kind: string): unknown {
  if (kind === 'boolean') return part === 1;
  if (kind === 'date')
    return new Date((part as number) * 86_400_000).toISOString().replace(/T.*$/, '');
  return part;
}

/** Returns the events of a match, and the event that completed it if it is another. */
function recordsOf({ last }: Match, told: MatchEvent | null): Cause['records'] {
  const events = new Set(chainOf(last).map(({ event }) => event));
  if (told !== null) events.add(told);
  return [...events].map(({ topic, offset }) => ({ topic, offset }));
}
