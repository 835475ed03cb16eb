import { expect, test } from 'vitest';
import type { Replayer } from '../../../../src/runner/rebuild/replayer.ts';
import { sharePartitions } from '../../../../src/runner/rebuild/share-partitions.ts';

type Replayers = readonly [Replayer, ...Replayer[]];

function replayer(joins: Promise<boolean> = Promise.resolve(true)): Replayer {
  return { joins, replay: async () => undefined, close: async () => undefined };
}

/**
 * A sharing that notes who began with which partition; each partition takes until `during`
 * resolves.
 */
function sharing(
  partitions: number,
  replayers: Replayers,
  during: (signal: AbortSignal, begun: string) => Promise<void>,
) {
  const begun: string[] = [];
  const controller = new AbortController();
  const ended = sharePartitions({
    partitions,
    replayers,
    signal: controller.signal,
    replay(each, partition, signal) {
      const name = `${replayers.indexOf(each)}:${partition}`;
      begun.push(name);
      return during(signal, name);
    },
  });
  return { begun, ended, abort: (reason: Error) => controller.abort(reason) };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

test('each begins with two partitions, in turns', async () => {
  const { begun, ended, abort } = sharing(9, [replayer(), replayer()], untilAborted);
  await expect.poll(() => begun).toEqual(['0:0', '1:1', '0:2', '1:3']);
  abort(new Error('enough'));
  await expect(ended).rejects.toThrow('enough');
});

test('whoever is done takes the next one, so that a quick one does more', async () => {
  let release = () => undefined as void;
  const slow = new Promise<void>((resolve) => {
    release = () => resolve();
  });
  const { begun, ended } = sharing(8, [replayer(), replayer()], (_, name) =>
    name.startsWith('1') ? slow : Promise.resolve(),
  );
  await expect.poll(() => begun.filter((name) => name.startsWith('0'))).toHaveLength(6);
  release();
  await ended;
  expect(begun.map((name) => name.slice(2)).sort()).toEqual([...'01234567']);
});

test('the first one stands in for those that do not join', async () => {
  const { begun, ended } = sharing(
    3,
    [replayer(), replayer(Promise.resolve(false)), replayer()],
    async () => undefined,
  );
  await ended;
  expect([...begun].sort()).toEqual(['0:0', '0:1', '2:2']);
});

test('one that must join and cannot ends it, and aborts those at work', async () => {
  const refused = Promise.reject(new Error('no such file'));
  const aborted: unknown[] = [];
  const { ended } = sharing(2, [replayer(), replayer(refused)], (signal) =>
    untilAborted(signal).catch((error: unknown) => {
      aborted.push(error);
      throw error;
    }),
  );
  await expect(ended).rejects.toThrow('no such file');
  expect(aborted).toEqual([new Error('no such file')]);
});

test('the first failure is the one that is thrown, and nothing is begun after it', async () => {
  const { begun, ended } = sharing(50, [replayer(), replayer()], (signal, name) =>
    name === '0:2' ? Promise.reject(new Error('broken')) : untilAborted(signal),
  );
  await expect(ended).rejects.toThrow('broken');
  expect(begun).toEqual(['0:0', '1:1', '0:2', '1:3']);
});
