import type { EventDefinition } from '../../event/event-definition.ts';
import { checkOptions } from '../check/check-options.ts';
import { failUnnamed } from '../check/fail-for.ts';
import type { EmissionPlan } from '../plan/plan.ts';
import type { DeclaredSources } from './declared-sources.ts';

/** Returns the sources that `from(…)` declares. */
export function sourcesFrom(events: readonly unknown[]): DeclaredSources {
  return { events: events as readonly EventDefinition[], keyFields: [], where: [], time: null };
}

/** Adds a `where(…)` to sources. */
export function filtered(sources: DeclaredSources, filter: unknown): DeclaredSources {
  return { ...sources, where: [...sources.where, filter] };
}

/**
 * The step after `from` of windows, sessions and patterns; `next` is the step after `key`. Its type
 * is that of the kind, which the caller chooses.
 */
export function keyStep<Step>(
  sources: DeclaredSources,
  next: (sources: DeclaredSources) => unknown,
): Step {
  const step = {
    time: (time: DeclaredSources['time']) => keyStep({ ...sources, time }, next),
    onTombstone: (answer: unknown) =>
      keyStep({ ...sources, tombstones: [...(sources.tombstones ?? []), answer] }, next),
    key: (...keyFields: readonly string[]) => next({ ...sources, keyFields }),
  };
  return step as Step;
}

/** The further steps of a definition of windows or sessions: `next` is it with one of them. */
export function closingSteps<
  Declared extends Readonly<{ emissions: readonly EmissionPlan[]; indexes: readonly unknown[] }>,
  Definition,
>(declared: Declared, next: (declared: Declared) => Definition) {
  return {
    onClose: (
      event: unknown,
      make: EmissionPlan['make'],
      options: { readonly onRevise?: boolean } = {},
    ): Definition => {
      checkOptions(options, ['onRevise'], { step: '.onClose(…)', fail: failUnnamed });
      const close = { on: 'close', event: event as EventDefinition, make } as const;
      const revise = options.onRevise === true ? [{ ...close, on: 'revise' } as const] : [];
      return next({ ...declared, emissions: [...declared.emissions, close, ...revise] });
    },
    index: (...columns: readonly string[]): Definition =>
      next({ ...declared, indexes: [...declared.indexes, columns] }),
  };
}
