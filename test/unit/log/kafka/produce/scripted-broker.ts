import type { ProducePartition } from '../../../../../src/log/kafka/produce/produce-request.ts';
import type { SendOutcome } from '../../../../../src/log/kafka/produce/produce-requests.ts';
import { batchHeaders } from '../../../../../src/log/kafka/wire/batch-headers.ts';
import { decodeSlice } from '../../../../../src/log/kafka/wire/decode-slice.ts';
import { loadDecompress } from '../../../../../src/log/kafka/wire/decompress.ts';
import { recordAt } from '../../../../../src/log/record-at.ts';
import { RepriseError } from '../../../../../src/reprise-error.ts';

/** What goes wrong with one request. */
export type Mishap =
  | 'none'
  | 'unsent'
  | 'lost-before'
  | 'lost-after'
  | 'not-leader'
  | 'timed-out-after'
  | 'forgets-producer'
  | 'too-large';

interface ProducerState {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  readonly baseOffset: number;
}

const decompress = await loadDecompress();
const gone = new RepriseError('LOG_UNAVAILABLE', 'the connection is gone', { retriable: true });

/**
 * A leader of one partition that keeps the rules of KIP-98 for the last batch of a producer, and
 * has a mishap where its script says so.
 */
export class ScriptedBroker {
  /** Values in the log. */
  readonly values: string[] = [];
  readonly #script: Mishap[];
  readonly #producers = new Map<bigint, ProducerState>();

  constructor(script: readonly Mishap[]) {
    this.#script = [...script];
  }

  async send({ topic, partition, bytes }: ProducePartition): Promise<SendOutcome> {
    await Promise.resolve();
    const mishap = this.#script.shift() ?? 'none';
    if (mishap === 'unsent') return { kind: 'unsent', cause: gone };
    if (mishap === 'lost-before') return { kind: 'lost', cause: gone };
    const answer = (errorCode: number, baseOffset = -1): SendOutcome => ({
      kind: 'answered',
      answer: {
        topic,
        partition,
        errorCode,
        baseOffset: BigInt(baseOffset),
        refused: [],
        reason: null,
      },
    });
    if (mishap === 'not-leader') return answer(6);
    if (mishap === 'too-large' && valuesOf(bytes).length > 1) return answer(10);
    if (mishap === 'forgets-producer') {
      // As after an unclean election: the log's tail is not lost here, what is known of the
      // producer is.
      this.#producers.clear();
      return answer(59);
    }
    const written = this.#write(bytes);
    if (written.errorCode !== 0) return answer(written.errorCode);
    if (mishap === 'lost-after') return { kind: 'lost', cause: gone };
    if (mishap === 'timed-out-after') return answer(7);
    return answer(0, written.baseOffset);
  }

  #write(bytes: Buffer): { errorCode: number; baseOffset: number } {
    const producerId = bytes.readBigInt64BE(43);
    const epoch = bytes.readInt16BE(51);
    const first = bytes.readInt32BE(53);
    const values = valuesOf(bytes);
    const last = first + values.length - 1;
    const state = this.#producers.get(producerId);
    if (state !== undefined && epoch < state.epoch) return { errorCode: 47, baseOffset: -1 };
    if (state?.epoch === epoch) {
      if (state.first === first && state.last === last)
        return { errorCode: 0, baseOffset: state.baseOffset };
      if (first !== state.last + 1) return { errorCode: 45, baseOffset: -1 };
    } else if (state !== undefined && first !== 0) return { errorCode: 45, baseOffset: -1 };
    const baseOffset = this.values.length;
    this.values.push(...values);
    this.#producers.set(producerId, { epoch, first, last, baseOffset });
    return { errorCode: 0, baseOffset };
  }
}

/** The values of a batch, as our own reader takes them out; it also checks the checksum. */
function valuesOf(bytes: Buffer): string[] {
  const slice = {
    topic: 'payments',
    partition: 0,
    fetchOffset: 0,
    untilOffset: Number.POSITIVE_INFINITY,
    stableEndOffset: 1_000_000,
    aborted: [],
    bytes,
    start: 0,
    end: bytes.length,
  };
  return [...decodeSlice(slice, decompress, batchHeaders(slice))].flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => String(recordAt(batch, i).value)),
  );
}
