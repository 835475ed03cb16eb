import { createServer } from 'node:net';
import { RepriseError } from '../reprise-error.ts';

/**
 * First port to try for a data directory without a port: similar to Postgres's own 5432, below the
 * ephemeral range of most systems.
 */
const FIRST_PORT = 15432;
const PORTS_TRIED = 1000;

/** True if this loopback port is free now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

/**
 * Returns the preferred port if it is free, otherwise the next free one above it. @throws
 * PORT_IN_USE if a thousand in a row are taken
 */
export async function nextFreePort(preferred: number = FIRST_PORT): Promise<number> {
  const last = Math.min(preferred + PORTS_TRIED, 65_535);
  for (let port = preferred; port <= last; port += 1) {
    if (await isPortFree(port)) return port;
  }
  throw portInUse(preferred);
}

/** Creates the error for a configured port that is taken. */
export function portInUse(port: number): RepriseError {
  return new RepriseError(
    'PORT_IN_USE',
    `Port ${port} on 127.0.0.1 is taken by another process, so the embedded Postgres cannot listen there. ` +
      'Stop that process, configure another port, or leave the port out to have a free one chosen.',
    { facts: { port } },
  );
}
