import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** What `npm pack` made of a fresh build. */
    tarball: { readonly path: string; readonly files: readonly string[] };
    /** Folder of a project that has installed the tarball and nothing else. */
    bareProject: string;
    /** Folder of a project that has installed the tarball, tsx and three compilers. */
    equippedProject: string;
  }
}

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Compilers that users have, by the folder of `node_modules` they are installed in. */
const COMPILERS = { typescript59: '5.9', typescript6: '6', 'typescript-newest': 'latest' };

/** vitest's global set-up of the project `package`: builds, packs and installs once. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-package-'));
  await run('npm', ['run', 'build'], { cwd: ROOT });
  const options = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', ['pack', ...options], { cwd: ROOT });
  const [report] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  const path = join(folder, report?.filename ?? '');
  const [bareProject, equippedProject] = await Promise.all([
    install(join(folder, 'bare'), [path]),
    install(join(folder, 'equipped'), [path, ...(await tools())]),
  ]);
  project.provide('tarball', { path, files: report?.files.map((file) => file.path) ?? [] });
  project.provide('bareProject', bareProject);
  project.provide('equippedProject', equippedProject);
  return () => rm(folder, { recursive: true, force: true });
}

async function install(folder: string, packages: readonly string[]): Promise<string> {
  await mkdir(folder);
  const manifest = { name: 'empty-project', private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...packages, ...flags], { cwd: folder });
  return folder;
}

/** What a user's project has besides reprise, for npm: `tsx@4.23.15`. */
async function tools(): Promise<readonly string[]> {
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return [
    ...['tsx', '@types/node'].map((name) => `${name}@${devDependencies[name]}`),
    ...Object.entries(COMPILERS).map(([name, range]) => `${name}@npm:typescript@${range}`),
  ];
}
