import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildGoProgram } from './go-program.ts';

/** The foreign registry's source: beside the work tree, or wherever the environment says. */
const SOURCE =
  process.env['REPRISE_FOREIGN_REGISTRY'] ??
  fileURLToPath(new URL('../../../shared/tools/registry', import.meta.url));

export interface ForeignRegistry {
  readonly url: string;
  stop(): void;
}

/**
 * Builds (once, into a cache outside the tree) and starts a Confluent-compatible registry that is
 * none of ours. Undefined, said loudly, where Go or its source is missing. @throws Error instead
 * when `REPRISE_REQUIRE_KAFKA=1`
 */
export async function startForeignRegistry(): Promise<ForeignRegistry | undefined> {
  let program: string;
  try {
    program = buildGoProgram('foreign-registry', SOURCE);
  } catch (error) {
    const said = `NO FOREIGN REGISTRY, its tests are SKIPPED: ${(error as Error).message}`;
    if (process.env['REPRISE_REQUIRE_KAFKA'] === '1') throw new Error(said, { cause: error });
    console.warn(`\n${'='.repeat(78)}\n  ${said}\n${'='.repeat(78)}`);
    return undefined;
  }
  const port = await freePort();
  const server = spawn(program, ['-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (server.exitCode !== null) break;
    const answered = await fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return { url, stop: () => server.kill() };
    await sleep(25);
  }
  server.kill();
  throw new Error(`the foreign registry did not answer at ${url}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
