import { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Reprise } from '../../src/reprise.ts';
import { isRepriseError } from '../../src/reprise-error.ts';
import { createSoakApp, type SoakPlace } from '../soak/soak-app.ts';
import { orderAt, READING_BYTES, readingAt, soakEvents } from '../soak/soak-events.ts';
import type { Measurement } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';

/** What a soaked process does, and where. */
export interface SoakTask extends SoakPlace {
  readonly role: 'runner' | 'publisher';
}

/**
 * What it can be asked for meanwhile: `publish` takes bytes, `cut` and `memory` nothing, `caughtUp`
 * waits.
 */
export interface SoakQuestion {
  readonly ask: 'publish' | 'caughtUp' | 'memory' | 'cut';
  readonly bytes?: number;
}

/** Orders beside each reading: small events, a twentieth of the bytes. */
const ORDERS_PER_READING = 4;
const POLL_MS = 100;

/**
 * A runner or a publisher that lives through the whole soak and answers questions; needs
 * `--expose-gc`.
 */
export async function soakProcess(task: SoakTask): Promise<Measurement> {
  const app = await createSoakApp(task);
  const startedMs = performance.now();
  if (task.role === 'runner') await app.runner.start();
  const state = { published: 0 };
  await new Promise<void>((resolve, reject) => {
    process.on('message', (message: 'stop' | ({ readonly id: number } & SoakQuestion)) => {
      if (message === 'stop') return resolve();
      answer(app, task, state, message).then(
        (value) => process.send?.({ answer: value, to: message.id }),
        reject,
      );
    });
    process.send?.({ ready: true });
  });
  const seconds = secondsSince(startedMs);
  const folded = app.runner.counters().reduce((sum, { recordsFolded }) => sum + recordsFolded, 0);
  await app.close();
  return { events: folded + state.published, seconds, rssMaxBytes: rssMaxBytes() };
}

async function answer(
  app: Reprise,
  task: SoakTask,
  state: { published: number },
  { ask, bytes = 0 }: SoakQuestion,
): Promise<number> {
  switch (ask) {
    case 'publish':
      return publish(app, task, state, bytes);
    case 'caughtUp':
      return caughtUp(app);
    case 'memory':
      return memoryBytes();
    case 'cut':
      return cutConnections();
  }
}

/** @returns events published in all */
async function publish(
  app: Reprise,
  { prefix }: SoakTask,
  state: { published: number },
  bytes: number,
): Promise<number> {
  const { reading, order } = soakEvents(prefix);
  const failures: unknown[] = [];
  const publishing: Promise<void>[] = [];
  const put = (send: () => Promise<unknown>) =>
    publishing.push(untilAcknowledged(send).catch((error: unknown) => void failures.push(error)));
  const first = Math.round(state.published / (1 + ORDERS_PER_READING));
  const readings = Math.ceil(bytes / READING_BYTES);
  for (let index = first; index < first + readings; index += 1) {
    put(() => app.publisher.publish(reading, readingAt(index)));
    for (let each = 0; each < ORDERS_PER_READING; each += 1) {
      put(() => app.publisher.publish(order, orderAt(index)));
    }
    await app.publisher.ready();
  }
  await app.publisher.flush();
  await Promise.all(publishing);
  if (failures.length > 0) throw failures[0];
  state.published += readings * (1 + ORDERS_PER_READING);
  return state.published;
}

/** Publishes an event again where its connection was cut: then it may be in the log twice. */
async function untilAcknowledged(send: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await send();
      return;
    } catch (error) {
      if (!isRepriseError(error) || !error.retriable) throw error;
      await delay(POLL_MS);
    }
  }
}

/**
 * Resolves when nothing is left to fold or to publish, seen twice. @throws Error when a task has
 * halted
 */
async function caughtUp(app: Reprise): Promise<number> {
  for (let quiet = 0; quiet < 2; ) {
    const status = await app.status().catch(() => null);
    const halted = status?.flatMap(({ tasks }) => tasks).find(({ state }) => state === 'halted');
    if (halted !== undefined) throw new Error(halted.error ?? 'a task has halted');
    const isQuiet = status?.every(
      ({ lagRecords, unpublished }) => lagRecords === 0n && unpublished === 0n,
    );
    quiet = isQuiet === true ? quiet + 1 : 0;
    await delay(POLL_MS);
  }
  return 0;
}

/** What something still refers to after full collections: heap, and buffers outside of it. */
async function memoryBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('a soaked process needs --expose-gc');
  for (let round = 0; round < 4; round += 1) {
    gc();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Resets every second connection of this process to Kafka and Postgres, with the error that a reset
 * by the other side gives: drivers wait long for a socket that only closes. @returns how many
 */
function cutConnections(): number {
  // Node tells what keeps a process alive, though its types do not say so: the one way to the
  // sockets of every driver.
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  const sockets = handles
    .call(process)
    .filter((each): each is Socket => each instanceof Socket && each.remotePort !== undefined);
  const cut = sockets.filter((_, index) => index % 2 === 0);
  for (const socket of cut) {
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }
  return cut.length;
}
