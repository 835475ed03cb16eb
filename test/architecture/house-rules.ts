import { posix } from 'node:path';
import ts from 'typescript';
import { cyclesOf } from './import-rules.ts';
import type { SourceModule } from './source-tree.ts';

/** Most files that stand directly in one folder. */
const FILES_IN_FOLDER_MAX = 20;

/** Folders that may hold more, and why. */
const LARGE_FOLDERS: Readonly<Record<string, string>> = {
  'src/readmodel': 'one file a statement; a split would only move names (house.md)',
};

/** Files that are not named after an export, and why. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'src/cli/main.ts': 'the entry point of the command: it exports nothing',
  'src/composition/rebuild-worker.ts': 'the entry point of a worker thread: it exports nothing',
  'src/composition/entry-points.ts': 'public functions that load what they need when called',
  'src/composition/worker-messages.ts': 'the messages of both directions',
  'src/avro/decode/confluent-header.ts': 'one format: what writes and what reads it',
  'src/avro/pii/pii-envelope.ts': 'one format: what seals and what opens it',
  'src/fold/rows/postgres-limits.ts': 'constants of one table in the manual of Postgres',
  'src/log/kafka/wire/wire.ts': 'one format: its writer and its reader',
  'src/projection/declare/aggregates.ts': 'the family of public functions',
  'src/registry/server/settings.ts': 'the two settings that the API knows',
};

/** A store module is named after its table, not after one of its statements. */
const STORE = /^src\/runner\/store\/[a-z-]+-store\.ts$/;

/**
 * Import cycles between folders, types included, each as `a → b → a`; a file at the top is a room
 * of its own.
 */
export function folderCycles(modules: readonly SourceModule[]): readonly string[] {
  const edges = new Map<string, Set<string>>();
  for (const { path, imports } of modules) {
    const from = folderOf(path);
    const targets = edges.get(from) ?? new Set<string>();
    edges.set(from, targets);
    for (const { target } of imports) {
      if (target === null || !target.startsWith('src/')) continue;
      const to = folderOf(target);
      if (to !== from) targets.add(to);
    }
  }
  return cyclesOf(edges);
}

/** Folders with more files than the limit. */
export function crowdedFolders(modules: readonly SourceModule[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { path } of modules) {
    const folder = posix.dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].flatMap(([folder, count]) =>
    count > FILES_IN_FOLDER_MAX && LARGE_FOLDERS[folder] === undefined
      ? [`${folder}: ${count} files`]
      : [],
  );
}

/**
 * Files whose name is not that of an export in kebab-case. `socket.ts` may export `createSocket`,
 * and `status.ts` `addStatus`.
 */
export function otherwiseNamed(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    const base = posix.basename(module.path, '.ts');
    if (base === 'index' || STORE.test(module.path) || OTHER_NAMES[module.path] !== undefined) {
      return [];
    }
    const names = exportedNames(module);
    const isNamed = names.some((name) => {
      const kebab = kebabCase(name);
      return kebab === base || kebab.replace(/^(create|add)-/, '') === base;
    });
    return isNamed ? [] : [`${module.path} exports ${names.join(', ') || 'nothing'}`];
  });
}

/** Entries of the lists above that name nothing any more. */
export function staleExceptions(modules: readonly SourceModule[]): readonly string[] {
  const paths = new Set(modules.map(({ path }) => path));
  const folders = new Set(modules.map(({ path }) => posix.dirname(path)));
  return [
    ...Object.keys(OTHER_NAMES).filter((path) => !paths.has(path)),
    ...Object.keys(LARGE_FOLDERS).filter((folder) => !folders.has(folder)),
  ];
}

function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === 'src' ? path : folder;
}

function exportedNames({ ast }: SourceModule): readonly string[] {
  return ast.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      return clause !== undefined && ts.isNamedExports(clause)
        ? clause.elements.map(({ name }) => name.text)
        : [];
    }
    if (!ts.canHaveModifiers(statement)) return [];
    const isExported = ts
      .getModifiers(statement)
      ?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported !== true) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText(ast));
    }
    const { name } = statement as ts.DeclarationStatement;
    return name === undefined ? [] : [name.getText(ast)];
  });
}

function kebabCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}

/** Unit tests of one source file that lie in another folder than the file they are named after. */
export function misplacedTests(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap(({ path, imports }) => {
    const name = posix.basename(path, '.test.ts');
    const subject = imports.find(
      ({ target }) =>
        target !== null && /^src\//.test(target) && posix.basename(target, '.ts') === name,
    )?.target;
    if (!path.endsWith('.test.ts') || subject === undefined || subject === null) return [];
    const folder = posix.dirname(subject).replace(/^src/, 'test/unit');
    return posix.dirname(path) === folder ? [] : [`${path} tests ${subject}: move it to ${folder}`];
  });
}
