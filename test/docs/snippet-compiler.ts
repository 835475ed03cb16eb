import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Block, ROOT } from './documents.ts';

/**
 * Type-checks blocks as files of the repository, without writing any. A block whose first line is a
 * comment with a path (`// projections/a.ts`) stands there, so that its relative imports and those
 * of other blocks to it resolve; others stand at the root.
 * @returns one line per error, with the document and line
 */
export function snippetErrors(blocks: readonly Block[]): readonly string[] {
  const files = placeBlocks(blocks);
  const program = ts.createProgram([...files.keys()], compilerOptions(), hostWith(files));
  return [...files].flatMap(([path, block]) => {
    const file = program.getSourceFile(path);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map((one) => {
      const at = file?.getLineAndCharacterOfPosition(one.start ?? 0).line ?? 0;
      const message = ts.flattenDiagnosticMessageText(one.messageText, ' ');
      return `${block.document}:${block.line + 1 + at} ${message}`;
    });
  });
}

function placeBlocks(blocks: readonly Block[]): ReadonlyMap<string, Block> {
  const files = new Map<string, Block>();
  for (const [index, block] of blocks.entries()) {
    const named = /^\/\/ ([\w./-]+\.ts)\n/.exec(block.text)?.[1] ?? 'snippet.ts';
    const path = join(ROOT, named);
    const taken = files.has(path) || existsSync(path);
    files.set(taken ? path.replace(/\.ts$/, `.snippet-${index}.ts`) : path, block);
  }
  return files;
}

function compilerOptions(): ts.CompilerOptions {
  const read = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const config = read.config as { compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  return { ...options, noUnusedLocals: false, noUnusedParameters: false, noEmit: true };
}

function hostWith(files: ReadonlyMap<string, Block>): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions());
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const block = files.get(path);
    // `export {}` makes every block a module: names of one do not reach another.
    return block === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, `${block.text}\nexport {};\n`, language, true);
  };
  return host;
}
