import type { Pool } from 'pg';
import { type JoinedSignal, joinSignals } from '../../concurrency/join-signals.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { EventLog } from '../event-log.ts';
import { Appender } from './appender.ts';
import { readRecords } from './read-records.ts';
import { deleteRecordsBefore, deleteTopic, describeTopics, ensureTopics } from './stored-topic.ts';
import { WakeUps } from './wake-ups.ts';

/** Options of `createPostgresLog`: a pool for statements, a URL for the listening connection. */
export interface PostgresLogOptions {
  /** Owned by the caller: `close` does not end it. */
  readonly pool: Pool;
  /**
   * URL of the same database, for the connection that listens for commits: a real session, not one
   * of a pooler in transaction mode.
   */
  readonly url: string;
}

/** The log in Postgres, with administrative methods beyond the port. */
export interface PostgresLog extends EventLog {
  readonly kind: 'postgres';
  /**
   * Deletes records before `offset`, which becomes the partition's start offset (at most its end).
   * @returns the new start offset @throws UNKNOWN_TOPIC
   */
  deleteRecordsBefore(topic: string, partition: number, offset: bigint): Promise<bigint>;
  /**
   * Deletes a topic and its records. Created again, it has another topic id. @throws UNKNOWN_TOPIC
   */
  deleteTopic(topic: string): Promise<void>;
}

/**
 * Creates an event log in Postgres tables, for systems for which one server is enough. Offsets are
 * gapless and in commit order: an append locks its partitions until it commits. An append whose
 * connection broke during commit (LOG_UNAVAILABLE) may have happened, as in any log without
 * producer ids: repeating it may store the records twice. No leader epochs.
 */
export function createPostgresLog({ pool, url }: PostgresLogOptions): PostgresLog {
  const wakeUps = new WakeUps(url);
  const appender = new Appender(pool);
  const closing = new AbortController();
  const appends = new Set<Promise<unknown>>();
  const assertOpen = () => {
    if (!closing.signal.aborted) return;
    throw new RepriseError('CLOSED', 'The log has been closed. Open another one.');
  };
  return {
    kind: 'postgres',
    identity: async () => 'postgres',
    describe: (topics) => describeTopics(pool, topics),
    read(positions, options = {}) {
      assertOpen();
      return streamOf(
        (signal) => readRecords({ pool, wakeUps, signal }, positions, options),
        [closing.signal, options.signal],
      );
    },
    async append(records) {
      assertOpen();
      const append = appender.append(records);
      appends.add(append);
      return append.finally(() => appends.delete(append));
    },
    ensureTopics: (topics) => ensureTopics(pool, topics),
    leaderEpochEnd: async () => null,
    deleteRecordsBefore: (topic, partition, offset) =>
      deleteRecordsBefore(pool, topic, partition, offset),
    deleteTopic: (topic) => deleteTopic(pool, topic),
    async close() {
      closing.abort();
      await Promise.allSettled(appends);
      await wakeUps.close();
    },
  };
}

/**
 * Wraps a stream so that `return()` ends a waiting fetch: a generator alone would answer only after
 * its pending `next()`.
 */
function streamOf<Item>(
  start: (signal: AbortSignal) => AsyncGenerator<Item, void, undefined>,
  signals: readonly (AbortSignal | undefined)[],
): AsyncIterable<Item> {
  return {
    [Symbol.asyncIterator]() {
      const leaving = new AbortController();
      const joined = joinSignals([...signals, leaving.signal]);
      const items = releasing(start(joined.signal), joined);
      return {
        next: () => items.next(),
        async return() {
          leaving.abort();
          await items.return(undefined);
          // A stream that was never iterated has not started, so its `finally` does not run.
          joined.release();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function* releasing<Item>(
  items: AsyncGenerator<Item, void, undefined>,
  joined: JoinedSignal,
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items;
  } finally {
    joined.release();
  }
}
