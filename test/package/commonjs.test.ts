import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const folder = join(inject('equippedProject'), 'commonjs');
const modules = join(inject('equippedProject'), 'node_modules');

const NAMES = 'count, defineConfig, defineEvent, tumbling, WindowedProjection';

/** A configuration with one projection, in JavaScript or, with an annotation, TypeScript. */
function declarations(name: string, annotation = ''): string {
  return `
    const schema = z.object({ account: z.string(), at: z.coerce.date() });
    const Paid = defineEvent({ name: 'Paid', topic: 'paid', format: 'json', key: 'account', time: 'at', schema });
    class Payments extends WindowedProjection {
      name${annotation} = '${name}';
      version = 1;
      define() {
        return this.from(Paid).key('account').window(tumbling('1 minute')).measure({ payments: count() });
      }
    }
    const config = defineConfig({ projections: [Payments], events: [Paid] });`;
}

const IMPORTS = `import { ${NAMES} } from 'reprise'; import { z } from 'zod';`;
const REQUIRES = `const { ${NAMES} } = require('reprise'); const { z } = require('zod');`;

/** What `reprise explain` says of a file with this text. */
async function explained(file: string, text: string): Promise<string> {
  await writeFile(join(folder, file), text);
  return explain('--config', file);
}

async function explain(...words: readonly string[]): Promise<string> {
  const main = join(modules, 'reprise/dist/src/cli/main.js');
  const { stdout } = await run('node', [main, 'explain', ...words], { cwd: folder });
  return stdout;
}

describe('the command line in a package that is not of "type": "module"', () => {
  beforeAll(async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'commonjs' }));
  });

  it.each([
    ['ts', `${IMPORTS}${declarations('in_ts', ': string')}\nexport default config;`],
    ['mts', `${IMPORTS}${declarations('in_mts', ': string')}\nexport default config;`],
    ['mjs', `${IMPORTS}${declarations('in_mjs')}\nexport default config;`],
    ['js', `${REQUIRES}${declarations('in_js')}\nmodule.exports = config;`],
    ['cjs', `${REQUIRES}${declarations('in_cjs')}\nmodule.exports = config;`],
  ])('loads a configuration in .%s', async (ending, text) => {
    expect(await explained(`a.${ending}`, text)).toContain(`in_${ending} v1, windowed`);
  });

  it('loads what a compiler made of a configuration, in CommonJS', async () => {
    await mkdir(join(folder, 'source'));
    await writeFile(
      join(folder, 'source/reprise.config.ts'),
      `${IMPORTS}${declarations('compiled', ': string')}\nexport default config;`,
    );
    const flags = ['--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', '--strict'];
    const out = ['--outDir', 'out', '--declaration', '--types', 'node'];
    const tsc = join(modules, 'typescript-newest/bin/tsc');
    await run('node', [tsc, ...flags, ...out, 'source/reprise.config.ts'], { cwd: folder });
    expect(await explain('--config', 'out/reprise.config.js')).toContain('compiled v1, windowed');
  });

  it('finds reprise.config.cjs by itself', async () => {
    const text = `${REQUIRES}${declarations('found')}\nmodule.exports = config;`;
    await writeFile(join(folder, 'reprise.config.cjs'), text);
    expect(await explain()).toContain('found v1, windowed');
  });

  it('says what is wrong with a configuration that exports nothing', async () => {
    await expect(explained('b.cjs', 'exports.__esModule = true;')).rejects.toThrow(
      'has no default export',
    );
  });
});
