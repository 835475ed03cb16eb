import { runInThisContext } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as reprise from '../../src/index.ts';
import * as testing from '../../src/testing/index.ts';
import { publicExamples, staleReasons, withoutExample } from './example-rules.ts';
import { type ExampleFile, exampleFile } from './examples.ts';
import { publicApi } from './public-api.ts';
import { snippetErrors } from './snippet-compiler.ts';

const api = publicApi();
const files = publicExamples(api).map((example) => exampleFile(example, api.names));
const runnable = files.filter(({ isRunnable }) => isRunnable);

describe('the examples in docstrings', () => {
  it('show every public class, function and method', () => {
    expect(withoutExample(api)).toEqual([]);
    expect(staleReasons(api)).toEqual([]);
  });

  it('are two to eight lines long, but for those of classes', () => {
    const long = files.filter(({ block, code }) => {
      const lines = block.text.trimEnd().split('\n').length - 1;
      return lines > (/^class /m.test(code) ? 18 : 9);
    });
    expect(long.map(({ block }) => `${block.document}:${block.line + 2}`)).toEqual([]);
  });

  it('compile against the public API', () => {
    expect(snippetErrors(files.map(({ block }) => block))).toEqual([]);
  });

  it('run where they need no server', async () => {
    expect(runnable.length).toBeGreaterThan(100);
    const failures: string[] = [];
    for (const file of runnable) {
      await run(file).catch((error: unknown) => {
        failures.push(`${file.block.document}:${file.block.line + 2} ${String(error)}`);
      });
    }
    expect(failures).toEqual([]);
  });

  it('would be refused with a mistake', async () => {
    const wrong = { document: 'a.ts', line: 7, text: "this.from(UserActed).key('userid')" };
    const file = exampleFile({ ...wrong, text: `${wrong.text}.window(tumbling(0))` }, api.names);
    expect(snippetErrors([file.block]).join()).toContain('a.ts:7 Argument of type \'"userid"\'');
    await expect(run(file)).rejects.toThrow('A window needs a size above zero');
    const claim = { ...wrong, text: "isRedacted('Ada'); // true" };
    await expect(run(exampleFile(claim, api.names))).rejects.toThrow('expected false to be true');
  });
});

/** A statement with its value in a comment, such as `isRedacted('Ada'); // false`. */
const VALUE = /^( *)(\S.*); \/\/ (true|false|'[^']*'|-?\d+n?)$/gm;

/** Runs an example with the names that it uses, as an async function; checks values in comments. */
async function run({ code, samples, used }: ExampleFile): Promise<void> {
  const given: Record<string, unknown> = { ...samples, expect };
  const checking = code.replaceAll(VALUE, '$1expect($2).toBe($3);');
  const exported: Readonly<Record<string, unknown>> = { ...testing, ...reprise };
  for (const { name, isValue } of used) if (isValue) given[name] = exported[name];
  const written = `(async ({ ${Object.keys(given).join(', ')} }) => {\n${checking}\n})`;
  const { outputText } = ts.transpileModule(written, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  await (runInThisContext(outputText) as (names: object) => Promise<void>)(given);
}
