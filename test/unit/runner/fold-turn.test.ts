import { expect, it } from 'vitest';
import { FoldTurn } from '../../../src/runner/rebuild/fold-turn.ts';

it('lets one fold while another writes, and never two fold at once', async () => {
  const turn = new FoldTurn();
  const events: string[] = [];
  let written = () => {};
  const writing = new Promise<void>((resolve) => {
    written = resolve;
  });
  const first = async () => {
    await turn.take();
    events.push('first folds');
    await turn.giveDuring(async () => {
      events.push('first takes its rows');
      await writing;
      events.push('first has written');
    });
    events.push('first folds on');
    turn.give();
  };
  const second = async () => {
    await turn.take();
    events.push('second folds');
    written();
    await writing;
    await Promise.resolve();
    events.push('second is done');
    turn.give();
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
  const turn = new FoldTurn();
  let answer = (_batch: string) => {};
  const fetched = new Promise<string>((resolve) => {
    answer = resolve;
  });
  await turn.take();
  const waits = turn.giveUnlessSoon(fetched, 0);
  await turn.take(); // resolves only because the first one gave it away
  answer('batch');
  turn.give();
  expect(await waits).toBe('batch');
  expect(await turn.giveUnlessSoon(Promise.resolve('at once'))).toBe('at once');
  await expect(turn.giveUnlessSoon(Promise.reject(new Error('no log')))).rejects.toThrow('no log');
});

it('comes back to whoever gave it away when their work fails', async () => {
  const turn = new FoldTurn();
  await turn.take();
  await expect(turn.giveDuring(() => Promise.reject(new Error('no COPY')))).rejects.toThrow(
    'no COPY',
  );
  let next = 'waits';
  const waiting = turn.take().then(() => {
    next = 'has it';
  });
  await Promise.resolve();
  expect(next).toBe('waits');
  turn.give();
  await waiting;
  expect(next).toBe('has it');
});
