import type { Plan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';

/** The partitions that an instance is confined to, by projection; null: all partitions. */
export type TaskSelection = ReadonlyMap<string, readonly number[] | null>;

/**
 * Parses `tasks` of the configuration or `--tasks`: `login_fraud` (all partitions),
 * `user_metrics:0`, `user_metrics:0-3`. Several entries add up. Null: no confinement.
 * @throws CONFIG_INVALID
 */
export function parseTaskSelection(
  texts: readonly string[] | null,
  plans: readonly Pick<Plan, 'name'>[],
): TaskSelection | null {
  if (texts === null) return null;
  const selection = new Map<string, readonly number[] | null>();
  for (const text of texts) {
    const [, name = '', from, until = from] = /^([^:]+)(?::(\d+)(?:-(\d+))?)?$/.exec(text) ?? [];
    if (!plans.some((plan) => plan.name === name)) throw invalid(text, plans);
    const [first, last] = [Number(from), Number(until)];
    if (last < first) throw invalid(text, plans);
    const known = selection.get(name);
    const added = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    selection.set(
      name,
      from === undefined || known === null ? null : [...new Set([...(known ?? []), ...added])],
    );
  }
  return selection;
}

function invalid(text: string, plans: readonly Pick<Plan, 'name'>[]): RepriseError {
  const names = plans.map(({ name }) => name).join(', ');
  return new RepriseError(
    'CONFIG_INVALID',
    `"${text}" names no tasks. Write PROJECTION, PROJECTION:2 or PROJECTION:0-3; projections are ${names}.`,
    { facts: { tasks: text } },
  );
}
