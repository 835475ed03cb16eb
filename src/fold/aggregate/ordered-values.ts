import type { FieldValue } from './field-value.ts';
import { valueFromJson, valueToJson } from './field-value.ts';
import type { EventOrder, ObjectState } from './object-state.ts';

/** A value with where its event stands. */
interface Placed extends EventOrder {
  readonly value: FieldValue;
}

/** The earliest or latest value. */
export function edgeState(edge: 'first' | 'last'): ObjectState<{ placed: Placed | null }> {
  const sign = edge === 'first' ? -1 : 1;
  return {
    zero: () => ({ placed: null }),
    add(state, value, order) {
      const at = order();
      if (state.placed === null || compareOrder(at, state.placed) * sign > 0) {
        state.placed = { ...at, value };
      }
      return state;
    },
    merge(state, { placed }) {
      if (placed === null) return state;
      if (state.placed === null || compareOrder(placed, state.placed) * sign > 0) {
        state.placed = placed;
      }
      return state;
    },
    toJson: ({ placed }) => (placed === null ? null : placedToJson(placed)),
    fromJson: (json) => ({ placed: json === null ? null : placedFromJson(json) }),
  };
}

/** The first `n` values by event time. */
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
      insert(state, { ...order(), value });
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

/** By event time, then topic, partition, offset. */
export function compareOrder(a: EventOrder, b: EventOrder): number {
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
