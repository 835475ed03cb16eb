import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = ['projections', 'schemas', 'example', 'reprise.config.ts'];
const project = inject('equippedProject');

/** The compilers of `package-setup.ts`. */
const COMPILERS = ['typescript59', 'typescript6', 'typescript-newest'];

const PACKAGES = { esm: 'module', commonjs: 'commonjs' } as const;
const MODULES = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
} as const;

/** Compiles the examples with declarations, and gives the compiler's complaints. */
async function compile(
  compiler: string,
  type: keyof typeof PACKAGES,
  module: keyof typeof MODULES,
): Promise<string> {
  const folder = join(project, `${compiler}-${type}-${module}`);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: PACKAGES[type] }));
  for (const name of EXAMPLES) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  const compilerOptions = {
    ...MODULES[module],
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: '.',
    outDir: 'out',
  };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.ts', ...EXAMPLES] }),
  );
  const tsc = join(project, 'node_modules', compiler, 'bin/tsc');
  return run('node', [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder }).then(
    () => '',
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
}

describe.each(COMPILERS)('declarations of the examples, by %s', (compiler) => {
  it.each([
    ['esm', 'nodenext'],
    ['esm', 'bundler'],
    ['commonjs', 'nodenext'],
    ['commonjs', 'bundler'],
  ] as const)('in a package of %s with %s', async (type, module) => {
    expect(await compile(compiler, type, module)).toBe('');
    const out = join(project, `${compiler}-${type}-${module}/out/projections`);
    const declarations = (await readdir(out)).filter((name) => name.endsWith('.d.ts'));
    expect(declarations).toHaveLength((await readdir(join(ROOT, 'projections'))).length);
    for (const name of declarations) {
      // By the name of the package: a path into it would hold on this machine only.
      expect(await readFile(join(out, name), 'utf8')).not.toContain('dist/');
    }
  });
});
