/**
 * The text of a function, as far as compilers leave it alone: the same source gives the same text whether tsc, tsx, vitest or none of them has been at it. Comments, white space, quotes,
 * parentheses and separators do not count, nor do the prefixes that module systems put before imported names.
 */
export function functionText(given: (...parameters: never[]) => unknown): string {
  return String(given)
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    .replace(/__name\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*),\s*"[^"]*"\)/g, '$1')
    .replace(/\(0,\s*([\w$.]+)\)/g, '$1')
    .replace(/\b(?:__vi\w*_import_\d+__|import_\w+|\w+_\d+)\./g, '')
    .replace(/\bvoid 0\b/g, 'undefined')
    .replace(/!0\b/g, 'true')
    .replace(/!1\b/g, 'false')
    .replace(/[\s;,()'"`]/g, '');
}
