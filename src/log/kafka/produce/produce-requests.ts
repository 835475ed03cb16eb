import { pause } from '../../../concurrency/pause.ts';
import { RepriseError } from '../../../reprise-error.ts';
import type { KafkaConnections } from '../connection/kafka-connections.ts';
import {
  type ProducedPartition,
  type ProducePartition,
  produceRequest,
} from './produce-request.ts';

/**
 * Maximum bytes of one request, below a broker's `socket.request.max.bytes` (100 MiB); a single
 * batch may be larger.
 */
const requestBytesMax = 8 * 1024 * 1024;

/**
 * Outcome of sending a batch. `unsent`: no byte of it was sent; `lost`: it was sent, and no answer
 * arrived.
 */
export type SendOutcome =
  | { readonly kind: 'answered'; readonly answer: ProducedPartition }
  | { readonly kind: 'unsent' | 'lost'; readonly cause: RepriseError };

interface Waiting {
  readonly batch: ProducePartition;
  readonly settle: (outcome: SendOutcome) => void;
}

/**
 * Sends batches to their leaders. Batches for one node in the same turn of the event loop share a
 * request: a broker processes the requests of a connection one after another, and waits for the
 * replicas in each.
 */
export class ProduceRequests {
  readonly #connections: KafkaConnections;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #throttledUntilMs = new Map<number, number>();

  constructor(connections: KafkaConnections, timeoutMs: number) {
    this.#connections = connections;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a batch; at most one of a partition may be in flight. Never rejects. */
  send(node: number, batch: ProducePartition): Promise<SendOutcome> {
    return new Promise((settle) => {
      const waiting = this.#waiting.get(node);
      if (waiting !== undefined) {
        waiting.push({ batch, settle });
        return;
      }
      this.#waiting.set(node, [{ batch, settle }]);
      setImmediate(() => this.#flush(node));
    });
  }

  #flush(node: number): void {
    const waiting = this.#waiting.get(node) ?? [];
    this.#waiting.delete(node);
    let request: Waiting[] = [];
    let size = 0;
    for (const one of waiting) {
      if (size > 0 && size + one.batch.bytes.length > requestBytesMax) {
        void this.#request(node, request);
        request = [];
        size = 0;
      }
      request.push(one);
      size += one.batch.bytes.length;
    }
    void this.#request(node, request);
  }

  async #request(node: number, batches: readonly Waiting[]): Promise<void> {
    let kind: 'unsent' | 'lost' = 'unsent';
    try {
      const restMs = (this.#throttledUntilMs.get(node) ?? 0) - Date.now();
      if (restMs > 0) await pause(restMs);
      await this.#connections.connect(node);
      kind = 'lost';
      const request = produceRequest(
        batches.map(({ batch }) => batch),
        this.#timeoutMs,
      );
      const { throttleMs, partitions } = await this.#connections.sendTo(node, request);
      if (throttleMs > 0) this.#throttledUntilMs.set(node, Date.now() + throttleMs);
      const answers = new Map(partitions.map((one) => [`${one.topic}[${one.partition}]`, one]));
      for (const { batch, settle } of batches) {
        const answer = answers.get(`${batch.topic}[${batch.partition}]`);
        settle(
          answer === undefined ? { kind, cause: noAnswer(batch) } : { kind: 'answered', answer },
        );
      }
    } catch (error) {
      for (const { settle } of batches) settle({ kind, cause: asRepriseError(error) });
    }
  }
}

function noAnswer({ topic, partition }: ProducePartition): RepriseError {
  return asRepriseError(new Error(`the answer leaves out ${topic}[${partition}]`));
}

function asRepriseError(error: unknown): RepriseError {
  if (error instanceof RepriseError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RepriseError(
    'LOG_UNAVAILABLE',
    `A produce request failed (${reason}). Look at the broker's log; it is tried again.`,
    { cause: error, retriable: true },
  );
}
