import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { joinSignals } from '../../../src/concurrency/join-signals.ts';

test('a joined signal aborts with the first of its sources, for its reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const { signal } = joinSignals([one.signal, undefined, other.signal]);
  expect(signal.aborted).toBe(false);
  other.abort('enough');
  one.abort('too late');
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBe('enough');
});

test('a joined signal has aborted when one of its sources had', () => {
  const { signal } = joinSignals([AbortSignal.abort('before'), new AbortController().signal]);
  expect(signal.reason).toBe('before');
});

test('a released signal leaves no listener in its sources and no longer aborts with them', () => {
  const source = new AbortController();
  const { signal, release } = joinSignals([source.signal]);
  expect(getEventListeners(source.signal, 'abort')).toHaveLength(1);
  release();
  expect(getEventListeners(source.signal, 'abort')).toHaveLength(0);
  source.abort();
  expect(signal.aborted).toBe(false);
});
