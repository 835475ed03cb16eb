import type { FieldValue } from './field-value.ts';
import { valueFromJson, valueToJson } from './field-value.ts';
import type { EventOrder, ObjectState } from './object-state.ts';

/** A value with its event's position in event-time order. */
interface Placed extends EventOrder {
  readonly value: FieldValue;
}

/** The value of one event, changed in place; undefined topic: none yet. */
interface Edge {
  timeMs: number;
  topic: string | undefined;
  partition: number;
  offset: number;
  value: FieldValue;
}

/** Creates the state of the earliest or latest value. */
export function edgeState(edge: 'first' | 'last'): ObjectState<Edge> {
  const sign = edge === 'first' ? -1 : 1;
  const wants = (state: Edge, at: EventOrder) =>
    state.topic === undefined ||
    (at.timeMs === state.timeMs
      ? compareOrder(at, state as Edge & { readonly topic: string }) * sign > 0
      : (at.timeMs - state.timeMs) * sign > 0);
  const set = (state: Edge, value: FieldValue, { timeMs, topic, partition, offset }: EventOrder) =>
    Object.assign(state, { timeMs, topic, partition, offset, value });
  return {
    zero: () => ({ timeMs: 0, topic: undefined, partition: 0, offset: 0, value: 0 }),
    wants,
    add(state, value, at) {
      state.timeMs = at.timeMs;
      state.topic = at.topic;
      state.partition = at.partition;
      state.offset = at.offset;
      state.value = value;
      return state;
    },
    merge(state, other) {
      if (other.topic === undefined) return state;
      const at = other as Edge & { readonly topic: string };
      return wants(state, at) ? set(state, other.value, at) : state;
    },
    toJson: (state) =>
      state.topic === undefined ? null : placedToJson(state as Edge & { readonly topic: string }),
    fromJson: (json) => {
      const none: Edge = { timeMs: 0, topic: undefined, partition: 0, offset: 0, value: 0 };
      if (json === null) return none;
      const placed = placedFromJson(json);
      return set(none, placed.value, placed);
    },
  };
}

/** Creates the state of the first `n` values by event time. */
export function collectState(n: number): ObjectState<Placed[]> {
  const insert = (state: Placed[], placed: Placed) => {
    let at = state.length;
    while (at > 0 && compareOrder(placed, state[at - 1] as Placed) < 0) at -= 1;
    if (at >= n) return;
    state.splice(at, 0, placed);
    if (state.length > n) state.pop();
  };
  return {
    zero: () => [],
    add(state, value, order) {
      const { timeMs, topic, partition, offset } = order;
      insert(state, { timeMs, topic, partition, offset, value });
      return state;
    },
    merge(state, other) {
      for (const placed of other) insert(state, placed);
      return state;
    },
    toJson: (state) => state.map(placedToJson),
    fromJson: (json) => (json as unknown[]).map(placedFromJson),
  };
}

/** Compares by event time, then topic, partition, offset. */
function compareOrder(a: EventOrder, b: EventOrder): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset;
}

function placedToJson({ timeMs, topic, partition, offset, value }: Placed): unknown {
  return [timeMs, topic, partition, offset, valueToJson(value)];
}

function placedFromJson(json: unknown): Placed {
  const [timeMs, topic, partition, offset, value] = json as [
    number,
    string,
    number,
    number,
    unknown,
  ];
  return { timeMs, topic, partition, offset, value: valueFromJson(value) };
}
