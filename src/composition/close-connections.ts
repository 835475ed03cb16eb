import type { Container } from 'inversify';
import { TOKENS } from './tokens.ts';

/**
 * Closes what a container has opened, in the order of use. Unbinding runs a binding's deactivation
 * only where its piece was made, so nothing is opened to be closed.
 */
export async function closeConnections(container: Container): Promise<void> {
  const { runner, publisher, log, registry, knex, pool } = TOKENS;
  for (const token of [runner, publisher, log, registry, knex, pool]) {
    await container.unbindAsync(token);
  }
}
