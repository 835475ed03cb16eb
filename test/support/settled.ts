import type { Reprise } from '../../src/reprise.ts';

/**
 * Resolves once nothing is left to fold or to publish, seen twice. @throws Error with the reason of
 * a task that halted
 */
export async function settled(app: Reprise): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const status = await app.status();
    const busy = status.some(
      ({ state, lagRecords, unpublished }) =>
        state === 'active' && (lagRecords !== 0n || unpublished > 0n),
    );
    const halted = status.flatMap(({ tasks }) => tasks).find(({ error }) => error !== null);
    if (halted !== undefined) throw new Error(halted.error ?? '');
    quiet = busy || status.length === 0 ? 0 : quiet + 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
