import type { Json, PlanShape } from './shape-format.ts';

/** Maximum number of characters of a value in a line. */
const SHOWN_MAX = 120;

/**
 * Serializes a plan as JSON: functions as their text, bigints as text. Stored with a version, and
 * printed by `reprise explain --json`.
 */
export function planJson(plan: unknown): string {
  return JSON.stringify(plan, (_key, value: unknown) =>
    typeof value === 'bigint' || typeof value === 'function' ? value.toString() : value,
  );
}

/** A value of a shape: its comparable form and its display form. */
interface Leaf {
  readonly compared: string;
  readonly shown: string;
}

/**
 * Returns the differences between a stored shape (parsed JSON) and a declared one, one line each:
 * `window.sizeMs: 60000 → 120000`. Empty exactly if their fingerprints are equal.
 */
export function shapeDifferences(stored: PlanShape, declared: PlanShape): readonly string[] {
  const before = leaves(stored.parts);
  const after = leaves(declared.parts);
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  const changed = paths.filter((path) => before.get(path)?.compared !== after.get(path)?.compared);
  return changed
    .filter((path) => !isTold(path, changed))
    .map((path) => {
      const [from, to] = shortened(
        before.get(path)?.shown ?? 'nothing',
        after.get(path)?.shown ?? 'nothing',
      );
      return `${path}: ${from} → ${to}`;
    });
}

/** True if a changed order follows from entries that changed. */
function isTold(path: string, changed: readonly string[]): boolean {
  if (!path.endsWith(IN_ORDER)) return false;
  const list = `${path.slice(0, -IN_ORDER.length)}[`;
  return changed.some((other) => other.startsWith(list));
}

const IN_ORDER = ' in order';

function leaves(
  value: Json,
  path = '',
  found = new Map<string, Leaf>(),
): ReadonlyMap<string, Leaf> {
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value);
    return found.set(path, { compared: text, shown: text });
  }
  const { computes, text } = value as { readonly [key: string]: Json };
  if (typeof computes === 'string' && typeof text === 'string') {
    return found.set(path, { compared: computes, shown: text.replace(/\s+/g, ' ') });
  }
  const entries = Object.entries(value);
  if (entries.length === 0)
    found.set(path, { compared: '{}', shown: Array.isArray(value) ? '[]' : '{}' });
  const taken = new Set<string>();
  for (const [key, each] of entries) {
    const step = Array.isArray(value)
      ? `[${stepName(each, key, taken)}]`
      : path === ''
        ? key
        : `.${key}`;
    leaves(each, path + step, found);
  }
  return orderOf(value, path, found);
}

/**
 * Returns the path step of a list entry: its name if it has one, so that an additional entry does
 * not make all later ones look changed.
 */
function stepName(value: Json, index: string, taken: Set<string>): string {
  const name = nameOf(value);
  const step = name === null || taken.has(name) ? index : name;
  taken.add(step);
  return step;
}

function nameOf(value: Json): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, column, event } = value as { readonly [key: string]: Json };
  if (typeof name === 'string') return name;
  if (typeof column === 'string') return column;
  return event === undefined ? null : nameOf(event);
}

/** Returns the order of named entries, which their names alone do not show. */
function orderOf(value: Json, path: string, found: Map<string, Leaf>): ReadonlyMap<string, Leaf> {
  if (!Array.isArray(value) || value.length < 2) return found;
  const names = (value as readonly Json[]).map((each, i) => nameOf(each) ?? String(i));
  const text = names.join(', ');
  return found.set(path + IN_ORDER, { compared: text, shown: text });
}

/** Shortens both values if they are long, so that the position where they differ is visible. */
function shortened(old: string, now: string): readonly [string, string] {
  if (old.length <= SHOWN_MAX && now.length <= SHOWN_MAX) return [old, now];
  let same = 0;
  while (same < old.length && old[same] === now[same]) same += 1;
  const from = Math.max(0, same - 40);
  const cut = (text: string) => {
    const part = text.slice(from, from + SHOWN_MAX - 2);
    return `${from > 0 ? '…' : ''}${part}${from + part.length < text.length ? '…' : ''}`;
  };
  return [cut(old), cut(now)];
}
