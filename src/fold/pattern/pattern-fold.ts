import type { RecordBatch } from '../../log/record-batch.ts';
import type { PatternPlan } from '../../projection/plan/plan.ts';
import type { RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { deadLetterAt } from '../batch/dead-letter-at.ts';
import type { EventClock } from '../batch/event-clock.ts';
import type { KindFold } from '../batch/fold-frame.ts';
import { LateEvents } from '../batch/late-events.ts';
import { PartFilter } from '../batch/part-filter.ts';
import { RecordKeys } from '../batch/record-keys.ts';
import { RecordTimes } from '../batch/record-times.ts';
import type { DecodedBatch, SourcePart } from '../batch/topic-batches.ts';
import type { DeadLetter, MissingRows, RowsAfter, TableChange } from '../task/task-fold.ts';
import type { KeyState, MatchEvent } from './key-state.ts';
import { emptyKeyState } from './key-state.ts';
import { KeyStates } from './key-states.ts';
import { MatchRows } from './match-rows.ts';
import { Matcher } from './matcher.ts';
import { patternGraph } from './pattern-graph.ts';

/**
 * Folds a pattern plan. The matcher gets the events of a key in event-time order, once the
 * watermark has reached them; until then they are buffered in the key's state. Keys without partial
 * matches and buffered events have no state; keys with state are all in memory, each with its next
 * deadline.
 */
export class PatternFold implements KindFold {
  readonly #plan: PatternPlan;
  readonly #stateTable: TablePlan;
  readonly #clock: EventClock;
  readonly times = new RecordTimes();
  readonly late = new LateEvents();
  readonly #recordKeys: RecordKeys;
  readonly #conditions: readonly PartFilter[];
  readonly #matcher: Matcher;
  readonly #matches: MatchRows;
  readonly #states: KeyStates;
  /** Buffered events that the matcher could not process. */
  #held: DeadLetter[] = [];

  constructor(plan: PatternPlan, clock: EventClock) {
    this.#plan = plan;
    this.#stateTable = plan.tables[1] as TablePlan;
    this.#clock = clock;
    const graph = patternGraph(plan.pattern);
    const matcher = new Matcher({ ...plan, graph });
    this.#matcher = matcher;
    this.#states = new KeyStates({
      keys: plan.keys,
      table: this.#stateTable,
      deadlineOf: (run) => matcher.deadlineOf(run),
    });
    this.#recordKeys = new RecordKeys(plan, this.#states.keys);
    this.#conditions = graph.conditions.map((condition) => new PartFilter(condition, plan.sources));
    this.#matches = new MatchRows(plan, graph);
  }

  get rowCount(): number {
    return this.#states.count;
  }

  get keyCount(): number {
    return this.#states.keys.count;
  }

  get stateSize(): number {
    return this.#states.count;
  }

  get awaitsTime(): boolean {
    return this.#states.awaitsTime;
  }

  preload(): readonly RowsAfter[] {
    return this.#clock.watermarkMs === null
      ? []
      : [{ table: this.#stateTable, column: null, afterMs: 0 }];
  }

  prepare(_batch: RecordBatch, { parts, deadLetters }: DecodedBatch): readonly MissingRows[] {
    for (const part of parts) {
      this.#recordKeys.intern(part, deadLetters);
      for (const condition of this.#conditions) condition.prepare(part, deadLetters);
    }
    return [];
  }

  absorb(table: TablePlan, rows: RowSet): void {
    if (table === this.#stateTable) this.#states.absorb(rows);
  }

  take(batch: RecordBatch, { parts, route, deadLetters }: DecodedBatch): void {
    for (let i = 0; i < batch.count; i += 1) {
      const watermarkMs = this.times.watermarks[i] as number;
      if (this.#states.nextMs <= watermarkMs) this.passTime(watermarkMs);
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      this.#arrive(part, j, watermarkMs, deadLetters);
    }
  }

  /**
   * Advances the watermark: matches buffered events and times out partial matches; by deadline,
   * then key.
   */
  passTime(watermarkMs: number): void {
    while (this.#states.nextMs <= watermarkMs) {
      const dueMs = this.#states.nextMs;
      for (const { keyId, state } of this.#states.takeDue()) this.#passTimeOf(keyId, state, dueMs);
    }
  }

  takeChanges() {
    const tables: TableChange[] = [];
    const rows = this.#matches.takeRows();
    if (rows !== null) tables.push({ table: this.#plan.table, rows, deleted: null });
    const states = this.#states.takeChanges();
    if (states !== null) tables.push(states);
    const deadLetters = this.#held;
    this.#held = [];
    return { tables, emissions: this.#matches.takeEmissions(), deadLetters };
  }

  committed(): void {
    this.#states.compact();
  }

  /** Handles an event: late, matched at once, or buffered until the watermark reaches it. */
  #arrive(part: SourcePart, j: number, watermarkMs: number, deadLetters: DeadLetter[]): void {
    const timeMs = part.timesMs[j] as number;
    const keyId = this.#recordKeys.of(part)[j] as number;
    if (timeMs < watermarkMs) {
      this.late.count += 1;
      const key = this.#states.keys.partsOf(keyId);
      this.late.reject(part, j, { watermarkMs, window: null, key });
      return;
    }
    const known = this.#states.get(keyId);
    const holds = this.#holdsOf(part, j);
    const isDue = timeMs <= watermarkMs;
    // The key has no partial match and this event cannot start one.
    if (known === undefined && isDue && (holds & this.#matcher.startMask) === 0) return;
    if (known !== undefined && known.quarantine !== null) {
      deadLetters.push(
        deadLetterAt(part.batch, j, 'PATTERN_RUNS_EXCEEDED', this.#aside(keyId, known.quarantine)),
      );
      return;
    }
    const state = known ?? emptyKeyState();
    const event = this.#eventOf(part, j, holds);
    if (isDue) {
      const failure = this.#match(keyId, state, event);
      if (failure !== null)
        deadLetters.push(deadLetterAt(part.batch, j, 'PATTERN_RUNS_EXCEEDED', failure));
    } else hold(state, event);
    this.#states.keep(keyId, state);
  }

  /**
   * Passes an event to the matcher when the watermark has reached it. @returns why it quarantines
   * the key; null: it does not
   */
  #match(keyId: number, state: KeyState, event: MatchEvent): string | null {
    const key = this.#states.keys.partsOf(keyId);
    try {
      for (const match of this.#matcher.take(state, event)) {
        this.#matches.add(key, match, { event, dueMs: event.timeMs });
      }
      return null;
    } catch (error) {
      if (isRepriseError(error, 'PATTERN_RUNS_EXCEEDED')) {
        Object.assign(state, { runs: [], completed: [], held: [], quarantine: error.message });
        return this.#aside(keyId, error.message);
      }
      if (isRepriseError(error) && error.code !== 'HANDLER_FAILED') throw error;
      const { topic, partition, offset } = event;
      throw new RepriseError(
        'HANDLER_FAILED',
        `${topic}[${partition}]@${offset}: a function of the pattern ${this.#plan.name} failed: ${(error as Error).message}. Correct it; nothing was written.`,
        { cause: error, facts: { topic, partition, offset } },
      );
    }
  }

  #aside(keyId: number, why: string): string {
    return `${this.#plan.name}, key ${this.#states.keys.partsOf(keyId).join(', ')}: ${why}`;
  }

  /** Advances a key's time to its deadline. */
  #passTimeOf(keyId: number, state: KeyState, dueMs: number): void {
    const key = this.#states.keys.partsOf(keyId);
    for (const match of this.#matcher.expire(state, dueMs)) {
      this.#matches.add(key, match, { event: null, dueMs });
    }
    while (state.held.length > 0 && (state.held[0] as MatchEvent).timeMs <= dueMs) {
      const event = state.held.shift() as MatchEvent;
      const failure = this.#match(keyId, state, event);
      if (failure !== null) this.#held.push(letterOfHeld(event, failure));
    }
    this.#states.keep(keyId, state);
  }

  #holdsOf(part: SourcePart, j: number): number {
    let holds = 0;
    for (let c = 0; c < this.#conditions.length; c += 1) {
      if ((this.#conditions[c] as PartFilter).accepts(part.source, j)) holds |= 1 << c;
    }
    return holds;
  }

  #eventOf(part: SourcePart, j: number, holds: number): MatchEvent {
    const { topic, partition, offsets } = part.batch;
    return {
      timeMs: part.timesMs[j] as number,
      topic,
      partition,
      offset: offsets[j] as number,
      holds,
      // What meets no condition only breaks contiguity: nobody reads its value.
      value: holds === 0 ? null : readOf(part.eventAt(j), part.plan.reads),
    };
  }
}

/** Adds an event to the buffer, sorted by event time, then topic, then offset. */
function hold({ held }: KeyState, event: MatchEvent): void {
  let at = held.length;
  while (at > 0 && isBefore(event, held[at - 1] as MatchEvent)) at -= 1;
  held.splice(at, 0, event);
}

function isBefore(a: MatchEvent, b: MatchEvent): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs < b.timeMs;
  return a.topic === b.topic ? a.offset < b.offset : a.topic < b.topic;
}

/**
 * Creates a dead letter of an event that was buffered until the watermark reached it: its record's
 * bytes are not kept.
 */
function letterOfHeld(event: MatchEvent, message: string): DeadLetter {
  const { topic, partition, offset, timeMs } = event;
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestampMs: timeMs,
    reason: 'PATTERN_RUNS_EXCEEDED',
    message,
    key: null,
    value: null,
    headers: [],
    byClock: false,
  };
}

/**
 * Returns an event with only the fields that the projection reads, so that a new field in its
 * schema does not change stored states.
 */
function readOf(event: unknown, reads: readonly string[] | undefined): unknown {
  if (reads === undefined || typeof event !== 'object' || event === null) return event;
  const given = event as Readonly<Record<string, unknown>>;
  const kept: Record<string, unknown> = {};
  for (const name of reads) if (name in given) kept[name] = given[name];
  return kept;
}
