import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROJECTION = join(import.meta.dirname, '../../src/projection/declare');

/** Interfaces that users call methods of, by file. */
const BUILDERS: Readonly<Record<string, readonly string[]>> = {
  windowed: ['KeyStep', 'WindowStep', 'MeasureStep', 'WindowedDefinition'],
  session: ['SessionKeyStep', 'SessionStep', 'SessionMeasureStep', 'SessionDefinition'],
  pattern: ['PatternKeyStep', 'PatternStep', 'PatternDefinition'],
  table: ['TableSourceStep', 'TableStep'],
};

/** Files whose exported functions users call. */
const FUNCTIONS = ['aggregates', 'columns', 'window', 'z-score', 'pattern', 'declared-sources'];
/** Exported by them, and not for users. */
const INTERNAL = new Set(['columns']);

/**
 * Everything that a projection may declare, read from the sources and the reference: methods of the
 * builders, options that the compiler knows, and functions. As `windowed.onTombstone`,
 * `option emit`, `count()`.
 */
export function declaredOptions(): readonly string[] {
  const found = new Set<string>();
  for (const [kind, interfaces] of Object.entries(BUILDERS)) {
    const text = readFileSync(join(PROJECTION, `${kind}-projection.ts`), 'utf8');
    for (const name of interfaces) {
      for (const method of methodsOf(text, name)) found.add(`${kind}.${method}`);
    }
  }
  for (const [file, name] of [
    ['pattern', 'Pattern'],
    ['columns', 'Column'],
  ] as const) {
    const text = readFileSync(join(PROJECTION, `${file}.ts`), 'utf8');
    for (const method of methodsOf(text, name)) found.add(`${file}.${method}`);
  }
  for (const file of FUNCTIONS) {
    const text = readFileSync(join(PROJECTION, `${file}.ts`), 'utf8');
    for (const [, name = ''] of text.matchAll(/^export function (\w+)/gm)) {
      if (!INTERNAL.has(name)) found.add(`${name}()`);
    }
  }
  for (const name of [...knownOptions(), ...documentedOptions()]) found.add(`option ${name}`);
  return [...found].sort();
}

/** Names in the lists that the compiler holds options against. */
function knownOptions(): readonly string[] {
  const room = join(PROJECTION, '..');
  return readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(room, file), 'utf8');
      const lists = [
        ...text.matchAll(/checkOptions\([^[]*?\[([^\]]*)\]/g),
        ...text.matchAll(/_OPTIONS[^=\n]*= \[([^\]]*)\]/g),
      ];
      return lists.flatMap(([, list = '']) =>
        [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name),
      );
    });
}

/** Names in the options that the reference shows, such as `{ exactUpTo }`. */
function documentedOptions(): readonly string[] {
  const reference = join(import.meta.dirname, '../../docs/reference/projections.md');
  const shown = readFileSync(reference, 'utf8')
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .matchAll(/`[^`]*\{ ((?:\w+\??, )*\w+\??) \}[^`]*`/g);
  return [...shown].flatMap(([, names = '']) =>
    names.split(', ').map((name) => name.replace('?', '')),
  );
}

/** Names of the methods of an interface. */
function methodsOf(text: string, name: string): readonly string[] {
  const start = text.search(new RegExp(`^export interface ${name}\\b`, 'm'));
  if (start < 0) throw new TypeError(`no interface ${name}`);
  const body = text.slice(start, text.indexOf('\n}', start));
  return [...body.matchAll(/^ {2}(\w+)(?:<|\()/gm)].map(([, method = '']) => method);
}
