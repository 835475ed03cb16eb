import { compileFunction } from 'node:vm';
import { transformSync } from 'esbuild';
import ts from 'typescript';
import { transformWithOxc } from 'vite';

/**
 * The text of a function as each build leaves it, by the name of the build. `source`: an expression
 * in TypeScript; it may use f, g, h and Decimal.
 */
export async function builtForms(source: string): Promise<ReadonlyMap<string, string>> {
  const module = `import { f, g, h } from './m.js';\nimport { Decimal } from 'reprise';\nexport const it = ${source};`;
  const tsc = (kind: ts.ModuleKind, removeComments: boolean) =>
    ts.transpileModule(module, {
      compilerOptions: { module: kind, target: ts.ScriptTarget.ES2022, removeComments },
    }).outputText;
  const esbuild = (options: object) =>
    transformSync(module, { loader: 'ts', target: 'es2022', ...options }).code;
  const oxc = await transformWithOxc(module, 'it.ts', { lang: 'ts', sourcemap: false });
  const builds: Record<string, string> = {
    tsc: tsc(ts.ModuleKind.ESNext, false),
    'tsc to CommonJS': tsc(ts.ModuleKind.CommonJS, true),
    tsx: esbuild({ keepNames: true, minifyWhitespace: true }),
    esbuild: esbuild({}),
    'esbuild to CommonJS': esbuild({ format: 'cjs' }),
    'esbuild, minified syntax': esbuild({ minifySyntax: true, format: 'esm' }),
    'esbuild, minified': esbuild({ minify: true, format: 'esm' }),
    vite: oxc.code,
    'vite on its server': onServer(oxc.code),
  };
  return new Map(Object.entries(builds).map(([name, code]) => [name, textOf(code)]));
}

/** Imports as Vite's servers, such as vitest, write them. */
function onServer(code: string): string {
  const name = '__vite_ssr_import_0__';
  return code
    .replace(/\b(?<![.'"\w])([fgh])\(/g, `(0, ${name}.$1)(`)
    .replace(/\bnew Decimal\b/g, 'new __vite_ssr_import_1__.Decimal');
}

type AnyFunction = (...given: unknown[]) => unknown;

/** Runs a module with one export, `it`, and gives the text of what it exports. */
function textOf(code: string): string {
  const exports: { it?: unknown } = {};
  if (/\bexports\b/.test(code)) {
    const shared = { exports: {} as { it?: unknown } };
    (compileFunction(code, ['exports', 'require', 'module']) as AnyFunction)(
      exports,
      () => ({}),
      shared,
    );
    return String(exports.it ?? shared.exports.it);
  }
  const body = code
    .replace(/import\s*(?:\{[^}]*\}\s*from\s*)?["'][^"']*["'];?/g, '')
    .replace(/export const it/, 'const it');
  const named = /export\s*\{\s*([\w$]+)(?: as it)?,?\s*\};?/.exec(body);
  const rest = named === null ? body : body.replace(named[0], '');
  return String((compileFunction(`${rest}\nreturn ${named?.[1] ?? 'it'}`) as AnyFunction)());
}
