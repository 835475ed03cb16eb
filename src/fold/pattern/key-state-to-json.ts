import { Decimal } from '../../event/decimal.ts';
import type { Completed, KeyState, MatchEvent, Run, Taken } from './key-state.ts';

/** Version of the format. A reader refuses unknown versions. */
const VERSION = 2;

/** [timeMs, topic, partition, offset, holds, value] */
type EventJson = [number, string, number, number, number, unknown];
/** [step, event, seq, previous node or -1] */
type NodeJson = [string, number, number, number];
/**
 * The fields of a `Run`, in this order: `state`, the index of the node `last`, `startSeq`,
 * `startMs`, `alive`, `matched`, `told`, `waits`.
 */
type RunJson = [number, number, number, number, readonly number[], boolean, boolean, boolean];
/** [last node, startSeq, matchedAtMs] */
type CompletedJson = [number, number, number];

interface StateJson {
  readonly v: number;
  readonly seq: number;
  readonly events: EventJson[];
  readonly nodes: NodeJson[];
  readonly runs: RunJson[];
  readonly completed: CompletedJson[];
  readonly held: number[];
  readonly quarantine: string | null;
}

/** Serializes a key's state: events and nodes once each, however many runs share them. */
export function keyStateToJson(state: KeyState): string {
  const events = new Map<MatchEvent, number>();
  const nodes = new Map<Taken, number>();
  const nodeList: NodeJson[] = [];
  const eventId = (event: MatchEvent) => {
    const known = events.get(event);
    if (known !== undefined) return known;
    events.set(event, events.size);
    return events.size - 1;
  };
  const nodeId = (node: Taken): number => {
    const known = nodes.get(node);
    if (known !== undefined) return known;
    const previous = node.previous === null ? -1 : nodeId(node.previous);
    nodeList.push([node.step, eventId(node.event), node.seq, previous]);
    nodes.set(node, nodeList.length - 1);
    return nodeList.length - 1;
  };
  const runs = state.runs.map(
    ({ state: at, last, startSeq, startMs, alive, matched, told, waits }): RunJson => [
      at,
      nodeId(last),
      startSeq,
      startMs,
      alive,
      matched,
      told,
      waits,
    ],
  );
  const completed = state.completed.map(
    ({ last, startSeq, matchedAtMs }): CompletedJson => [nodeId(last), startSeq, matchedAtMs],
  );
  const held = state.held.map(eventId);
  const json: StateJson = {
    v: VERSION,
    seq: state.seq,
    events: [...events.keys()].map(({ timeMs, topic, partition, offset, holds, value }) => [
      timeMs,
      topic,
      partition,
      offset,
      holds,
      tagged(value),
    ]),
    nodes: nodeList,
    runs,
    completed,
    held,
    quarantine: state.quarantine,
  };
  return JSON.stringify(json);
}

/** Parses the result of `keyStateToJson`. @throws TypeError for an unknown version */
export function keyStateFromJson(text: string): KeyState {
  const json = JSON.parse(text) as StateJson;
  if (json.v !== VERSION) {
    throw new TypeError(`state of version ${json.v}; this reprise knows version ${VERSION}`);
  }
  const events = json.events.map(
    ([timeMs, topic, partition, offset, holds, value]): MatchEvent => ({
      timeMs,
      topic,
      partition,
      offset,
      holds,
      value: untagged(value),
    }),
  );
  const nodes: Taken[] = [];
  for (const [step, event, seq, previous] of json.nodes) {
    nodes.push({
      step,
      event: events[event] as MatchEvent,
      seq,
      previous: previous < 0 ? null : (nodes[previous] as Taken),
    });
  }
  const runs = json.runs.map(
    ([state, last, startSeq, startMs, alive, matched, told, waits]): Run => ({
      state,
      last: nodes[last] as Taken,
      startSeq,
      startMs,
      alive,
      matched,
      told,
      waits,
    }),
  );
  const completed = json.completed.map(
    ([last, startSeq, matchedAtMs]): Completed => ({
      last: nodes[last] as Taken,
      startSeq,
      matchedAtMs,
    }),
  );
  const held = json.held.map((id) => events[id] as MatchEvent);
  return { seq: json.seq, runs, completed, held, quarantine: json.quarantine };
}

/** Encodes values that JSON lacks, as objects with one key that starts with $. */
function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $d: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (value instanceof Date) return { $t: value.getTime() };
  if (value instanceof Decimal) return { $c: [value.unscaled.toString(), value.scale] };
  if (Buffer.isBuffer(value)) return { $b: value.toString('base64') };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return { $o: Object.entries(value).map(([name, each]) => [name, tagged(each)]) };
}

function untagged(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(untagged);
  if (typeof json !== 'object' || json === null) return json;
  const { $n, $d, $t, $c, $b, $o } = json as {
    $n?: string;
    $d?: string;
    $t?: number;
    $c?: [string, number];
    $b?: string;
    $o?: [string, unknown][];
  };
  if ($n !== undefined) return BigInt($n);
  if ($d !== undefined) return Number($d);
  if ($t !== undefined) return new Date($t);
  if ($c !== undefined) return new Decimal(BigInt($c[0]), $c[1]);
  if ($b !== undefined) return Buffer.from($b, 'base64');
  return Object.fromEntries(($o ?? []).map(([name, each]) => [name, untagged(each)]));
}
