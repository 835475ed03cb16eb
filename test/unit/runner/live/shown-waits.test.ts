import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShownWaits, type WaitedFor } from '../../../../src/runner/live/shown-waits.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what Postgres took last is what the task waits for, however slow it is and whatever it refuses', async () => {
  const change = fc.record({
    what: fc.constantFrom<WaitedFor>('log', 'work'),
    reason: fc.option(fc.constantFrom('away', 'full')),
    turns: fc.nat(2),
    isRefused: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change), async (changes) => {
      let stored = '';
      let isRefused = false;
      let underWay = 0;
      const waits = new ShownWaits(async (state, reason) => {
        underWay += 1;
        expect(underWay).toBe(1);
        await turn();
        underWay -= 1;
        if (isRefused) return false;
        stored = state === 'running' ? '' : (reason?.message ?? 'no reason');
        return true;
      });
      const wanted = new Map<WaitedFor, string>();
      for (const each of changes) {
        isRefused = each.isRefused;
        if (each.reason === null) wanted.delete(each.what);
        else wanted.set(each.what, each.reason);
        waits.set(each.what, each.reason === null ? null : new Error(each.reason));
        for (let i = 0; i < each.turns; i += 1) await turn();
      }
      isRefused = false;
      for (let i = 0; i < 4; i += 1) await turn();
      waits.set('log', wanted.has('log') ? new Error(wanted.get('log')) : null);
      for (let i = 0; i < 6; i += 1) await turn();
      expect(stored).toBe([...wanted.values()][0] ?? '');
    }),
  );
});
