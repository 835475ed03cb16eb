import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestAppOptions } from './example-app.ts';

/**
 * A configuration file of the example application, for whoever has to load one: commands and worker
 * threads.
 */
export interface ConfigFile {
  readonly path: string;
  /** Worker threads that have loaded it so far. */
  threads(): number;
  remove(): void;
}

/** Configuration of the application that `createTestApp` makes of the same options. */
export interface ConfigFileOptions extends TestAppOptions {
  /** Statements that only a worker thread runs when it loads the file. */
  readonly inThreads?: string;
}

/** Writes a configuration file into a folder of its own. */
export function writeConfigFile({ inThreads = '', ...options }: ConfigFileOptions): ConfigFile {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-config-'));
  const path = join(folder, 'reprise.config.ts');
  const loaded = join(folder, 'loaded');
  const { example, ...rest } = options;
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const support = pathToFileURL(import.meta.dirname).href;
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { exampleOn } from '${support}/example-app.ts';
import { testConfig } from '${support}/test-config.ts';

export default testConfig({
  ...${JSON.stringify(rest)},
  example: exampleOn('${example.topic}'),
});
if (!isMainThread) {
  appendFileSync('${loaded}', '.');
  ${inThreads}
}
`,
  );
  return {
    path,
    threads: () => (existsSync(loaded) ? readFileSync(loaded, 'utf8').length : 0),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
