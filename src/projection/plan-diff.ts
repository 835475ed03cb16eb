/** Parts of a plan that do not make its rows, or follow from parts that are compared. */
const NOT_COMPARED = new Set(['fingerprint', 'version', 'comment', 'table', 'parse', 'fields']);

/** A plan as JSON: functions as their text, bigints as text. What is stored beside a version, and what `reprise explain --json` prints. */
export function planJson(plan: unknown): string {
  return JSON.stringify(plan, (_key, value: unknown) =>
    typeof value === 'bigint' || typeof value === 'function' ? value.toString() : value,
  );
}

/**
 * What changed from a stored plan (parsed JSON) to a declared one, a line for each difference: `window.sizeMs: 60000 → 120000`. Empty when both say the same.
 */
export function planDifferences(stored: unknown, declared: unknown): readonly string[] {
  const before = flatten(JSON.parse(planJson(stored)));
  const after = flatten(JSON.parse(planJson(declared)));
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths.flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) return [];
    return [`${path}: ${old ?? 'nothing'} → ${now ?? 'nothing'}`];
  });
}

function flatten(value: unknown, path = '', found = new Map<string, string>()) {
  if (typeof value !== 'object' || value === null) {
    found.set(path, shortened(JSON.stringify(value)));
    return found;
  }
  for (const [key, each] of Object.entries(value)) {
    if (NOT_COMPARED.has(key)) continue;
    const step = Array.isArray(value) ? `[${nameOf(each) ?? key}]` : path === '' ? key : `.${key}`;
    flatten(each, path + step, found);
  }
  return found;
}

/** Entries of lists are told by their names where they have one, so that one more does not make all that follow look changed. */
function nameOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, column, event } = value as Readonly<Record<string, unknown>>;
  if (typeof name === 'string') return name;
  if (typeof column === 'string') return column;
  return event === undefined ? null : nameOf(event);
}

function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
}
