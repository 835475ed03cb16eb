import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { pause } from '../../../src/concurrency/pause.ts';

const LONG_MS = 600_000;

describe('pause', () => {
  it('ends with the time', async () => {
    await expect(pause(1)).resolves.toBeUndefined();
  });

  it('ends at once, quietly, when the signal aborts or has', async () => {
    const stop = new AbortController();
    const waiting = pause(LONG_MS, stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(pause(LONG_MS, stop.signal)).resolves.toBeUndefined();
  });

  it('leaves no listener behind, and Node has nothing to warn of', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const waits = Array.from({ length: 30 }, () => pause(5, signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(30);
    await Promise.all(waits);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});
