import { expect, it } from 'vitest';
import { FoldMutex } from '../../../../src/runner/rebuild/fold-mutex.ts';

it('lets one fold while another writes, and never two fold at once', async () => {
  const mutex = new FoldMutex();
  const events: string[] = [];
  let written = () => {};
  const writing = new Promise<void>((resolve) => {
    written = resolve;
  });
  const first = async () => {
    await mutex.acquire();
    events.push('first folds');
    await mutex.releaseDuring(async () => {
      events.push('first takes its rows');
      await writing;
      events.push('first has written');
    });
    events.push('first folds on');
    mutex.release();
  };
  const second = async () => {
    await mutex.acquire();
    events.push('second folds');
    written();
    await writing;
    await Promise.resolve();
    events.push('second is done');
    mutex.release();
  };
  await Promise.all([first(), second()]);
  expect(events).toEqual([
    'first folds',
    'first takes its rows',
    'second folds',
    'first has written',
    'second is done',
    'first folds on',
  ]);
});

it('goes to the next one while the log is long in answering', async () => {
  const mutex = new FoldMutex();
  let answer = (_batch: string) => {};
  const fetched = new Promise<string>((resolve) => {
    answer = resolve;
  });
  await mutex.acquire();
  const waits = mutex.releaseUnlessSoon(fetched, 0);
  await mutex.acquire(); // resolves only because the first one released it
  answer('batch');
  mutex.release();
  expect(await waits).toBe('batch');
  expect(await mutex.releaseUnlessSoon(Promise.resolve('at once'))).toBe('at once');
  await expect(mutex.releaseUnlessSoon(Promise.reject(new Error('no log')))).rejects.toThrow(
    'no log',
  );
});

it('comes back to whoever released it when their work fails', async () => {
  const mutex = new FoldMutex();
  await mutex.acquire();
  await expect(mutex.releaseDuring(() => Promise.reject(new Error('no COPY')))).rejects.toThrow(
    'no COPY',
  );
  let next = 'waits';
  const waiting = mutex.acquire().then(() => {
    next = 'has it';
  });
  await Promise.resolve();
  expect(next).toBe('waits');
  mutex.release();
  await waiting;
  expect(next).toBe('has it');
});

it('is not released by a task that does not hold it', async () => {
  const mutex = new FoldMutex();
  expect(() => mutex.release()).toThrow('nobody holds');
  await mutex.acquire();
  mutex.release();
  expect(() => mutex.release()).toThrow('nobody holds');
});
