import * as fc from 'fast-check';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { z } from 'zod';
import * as accountOverview from '../../projections/account-overview.ts';
import * as loginFraud from '../../projections/login-fraud.ts';
import * as userMetrics from '../../projections/user-metrics.ts';
import * as history from '../../schemas/history/index.ts';
import * as schemas from '../../schemas/index.ts';
import type { Block } from './documents.ts';
import type { PublicName } from './public-api.ts';

/** What the examples use besides the public API, and where it comes from. */
const SAMPLES: Readonly<Record<string, object>> = {
  './projections/account-overview.ts': accountOverview,
  './projections/login-fraud.ts': loginFraud,
  './projections/user-metrics.ts': userMetrics,
  './schemas/history/index.ts': history,
  './schemas/index.ts': schemas,
  'fast-check': { fc },
  vitest: { expect, it },
  zod: { z },
};

/** What needs a server or a caller: type-checked, never run. */
const DECLARED: Readonly<Record<string, string>> = {
  app: "import('reprise').Reprise",
  batch: "import('reprise').RecordBatch",
  config: "import('reprise').RepriseConfig",
  error: 'unknown',
  event: "import('./schemas/index.ts').UserActed",
  log: "import('reprise').EventLog",
  report: '(error: unknown) => void',
  value: 'unknown',
};

/** The class that a definition extends, by the step that it has. */
const CLASSES: Readonly<Record<string, string>> = {
  '.window(': 'WindowedProjection',
  '.session(': 'SessionProjection',
  '.pattern(': 'PatternProjection',
  '.table(': 'TableProjection',
};

/** An example as a file of its own, and what it needs. */
export interface ExampleFile {
  readonly block: Block;
  /** The code with its frame, without imports. */
  readonly code: string;
  /** The names of `SAMPLES` that it uses. */
  readonly samples: Readonly<Record<string, unknown>>;
  /** The public names that it uses. */
  readonly used: readonly PublicName[];
  /** False: it needs a server, or is part of a file that something else loads. */
  readonly isRunnable: boolean;
}

/**
 * Makes a file of an example: adds the imports of what it uses. An example that begins with `this.`
 * is what `define()` returns. Projections are compiled.
 */
export function exampleFile(
  example: { readonly document: string; readonly text: string; readonly line: number },
  names: readonly PublicName[],
): ExampleFile {
  const code = framed(example.text);
  const free = freeNames(code);
  const used = names.filter(({ name }) => free.has(name));
  const samples: Record<string, unknown> = {};
  const imports = used.map(
    ({ name, entry, isValue }) => `import ${isValue ? '' : 'type '}{ ${name} } from '${entry}';`,
  );
  for (const [module, exported] of Object.entries(SAMPLES)) {
    for (const [name, value] of Object.entries(exported)) {
      if (!free.has(name)) continue;
      samples[name] = value;
      const clause = name === 'fc' ? '* as fc' : `{ ${name} }`;
      imports.push(`import ${clause} from '${module}';`);
    }
  }
  const declared = Object.entries(DECLARED).filter(([name]) => free.has(name));
  const declarations = declared.map(([name, type]) => `declare const ${name}: ${type};`);
  const text = `${[...imports, ...declarations].join(' ')}\n${code}`;
  // The line of the fence of a block is that before its first line.
  const block = { document: example.document, language: 'ts', line: example.line - 2, text };
  const needsServer = declared.length > 0 || used.some(({ entry }) => entry.endsWith('contracts'));
  return { block, code, samples, used, isRunnable: !needsServer && !/^export /m.test(code) };
}

function framed(text: string): string {
  const [, declared] = /^class (\w+) extends \w+Projection /.exec(text) ?? [];
  if (declared !== undefined) return `${text} compileProjection(new ${declared}());`;
  if (!text.startsWith('this.')) return text;
  const [, base] = Object.entries(CLASSES).find(([step]) => text.includes(step)) ?? [];
  const head = `class Example extends ${base} { readonly name = 'example'; readonly version = 1;`;
  const body = text.replace(/;?\s*$/, ';');
  return `${head} define() { return ${body} } } compileProjection(new Example());`;
}

/** Names that a text uses and does not declare. */
function freeNames(code: string): ReadonlySet<string> {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isPropertyName(node)) used.add(node.text);
    const { name } = node as { readonly name?: ts.Node };
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isParameter(node) ||
      ts.isClassDeclaration(node) ||
      ts.isFunctionDeclaration(node);
    if (declares && name !== undefined && ts.isIdentifier(name)) declared.add(name.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2023, true));
  return new Set([...used].filter((name) => !declared.has(name)));
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}
