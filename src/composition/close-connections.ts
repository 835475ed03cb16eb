import type { Container } from 'inversify';
import { TOKENS } from './tokens.ts';

/**
 * Closes what a container has opened, in the order of use. Unbinding deactivates only objects that
 * were created, so nothing is opened just to be closed.
 */
export async function closeConnections(container: Container): Promise<void> {
  const { runner, publisher, log, registry, knex, pool } = TOKENS;
  for (const token of [runner, publisher, log, registry, knex, pool]) {
    await container.unbindAsync(token);
  }
}
