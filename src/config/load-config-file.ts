import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RepriseError } from '../reprise-error.ts';
import type { RepriseConfig } from './reprise-config.ts';

const CANDIDATES = ['ts', 'mts', 'js', 'mjs', 'cjs'].map((ending) => `reprise.config.${ending}`);

/** True if the current folder has a configuration file. */
export function hasConfigFile(): boolean {
  return CANDIDATES.some((each) => existsSync(resolve(each)));
}

/**
 * Finds the configuration file: `path`, or the first of reprise.config.ts, .mts, .js, .mjs and .cjs
 * in the current folder. @returns its absolute path. @throws CONFIG_INVALID if there is none
 */
export function findConfigFile(path?: string): string {
  const candidates = path === undefined ? CANDIDATES : [path];
  const found = candidates.map((each) => resolve(each)).find((each) => existsSync(each));
  if (found !== undefined) return found;
  throw invalid(
    path === undefined
      ? `There is no reprise.config.ts (or .mts, .js, .mjs, .cjs) in ${process.cwd()}. Go to the folder of the application, or name the file with --config.`
      : `The configuration file ${resolve(path)} does not exist. Correct --config.`,
  );
}

/**
 * Loads the configuration: the default export of a file, an ES module or CommonJS. TypeScript is
 * loaded by tsx (an optional peer), or by Node's type stripping. Not validated: see
 * `resolveConfig`.
 * @throws CONFIG_INVALID if it cannot be loaded, or has no default export
 */
export async function loadConfigFile(file: string): Promise<RepriseConfig> {
  if (/\.m?ts$/.test(file)) await allowTypeScript(file);
  const config = defaultOf(await importFile(file));
  if (typeof config === 'object' && config !== null) return config as RepriseConfig;
  throw invalid(`${file} has no default export. End it with: export default defineConfig({ … })`);
}

/** CommonJS that was compiled from an ES module has the default export one step further in. */
function defaultOf(module: Readonly<Record<string, unknown>>): unknown {
  const given = module['default'];
  const isCompiled = (given as { readonly __esModule?: unknown } | undefined)?.__esModule === true;
  return isCompiled ? (given as { readonly default?: unknown }).default : given;
}

/**
 * Enables TypeScript, unless this file already runs as TypeScript. Tries tsx first, because Node's
 * type stripping does not accept all syntax.
 */
async function allowTypeScript(file: string): Promise<void> {
  if (import.meta.url.endsWith('.ts')) return;
  try {
    // In a package that is not of "type": "module" a .ts file is CommonJS.
    (await import('tsx/cjs/api')).register();
    (await import('tsx/esm/api')).register();
  } catch (error) {
    if ((process.features as { typescript?: unknown }).typescript) return;
    throw invalid(
      `${file} is TypeScript and the package tsx is not installed. Run \`npm install --save-dev tsx\`, or write reprise.config.mjs.`,
      error,
    );
  }
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof Error && error.name === 'RepriseError') throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw invalid(`${file} cannot be loaded: ${reason}`, error);
  }
}

function invalid(message: string, cause?: unknown): RepriseError {
  return new RepriseError('CONFIG_INVALID', message, cause === undefined ? {} : { cause });
}
