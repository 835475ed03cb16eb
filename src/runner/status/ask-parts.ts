import { within } from '../../concurrency/within.ts';
import type { TopicDescription } from '../../log/event-log.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { DependencyStatus } from './task-status.ts';

/** How long a dependency may take to answer before it counts as unavailable. Milliseconds. */
const PATIENCE_MS = 8_000;
/** A subject that does not exist: asking for its versions costs the registry one look-up. */
const NO_SUBJECT = 'reprise-is-anybody-there';

type Part = DependencyStatus['name'];

/**
 * Asks all dependencies concurrently whether they are available. Never throws; takes 8 s at most.
 */
export async function askParts(
  settings: Pick<RunnerSettings, 'pool' | 'log' | 'registry'>,
  plans: readonly Plan[],
): Promise<readonly DependencyStatus[]> {
  const questions = [
    question('postgres', () => settings.pool.query('select 1')),
    ...(settings.log.kind === 'kafka' ? [question('kafka', () => askLog(settings, plans))] : []),
    ...(settings.registry.kind === 'postgres'
      ? []
      : [question('registry', () => askRegistry(settings))]),
  ];
  return Promise.all(questions);
}

/**
 * Reaches the leaders of all topics that the projections read. @throws LOG_UNAVAILABLE,
 * LOG_UNAUTHORIZED
 */
export async function askLog(
  { log }: Pick<RunnerSettings, 'log'>,
  plans: readonly Plan[],
): Promise<void> {
  const topics = [...new Set(plans.flatMap(topicsOf))];
  await log.describe(topics).catch((error: unknown) => {
    // A log that answers that it has no such topic is available.
    if (!isRepriseError(error, 'UNKNOWN_TOPIC')) throw error;
  });
}

/** @throws REGISTRY_UNAVAILABLE, REGISTRY_REFUSED */
export async function askRegistry({ registry }: Pick<RunnerSettings, 'registry'>): Promise<void> {
  await registry.versions(NO_SUBJECT);
}

/** Creates the status of an unavailable dependency, with the error as its reason. */
function away(part: Part, error: unknown): DependencyStatus {
  return { name: part, isAvailable: false, reason: describeError(error) || 'no reason given' };
}

async function question(part: Part, ask: () => Promise<unknown>): Promise<DependencyStatus> {
  return within(PATIENCE_MS, part, ask()).then(
    () => ({ name: part, isAvailable: true, reason: null }),
    (error: unknown) => away(part, error),
  );
}

/**
 * Describes topics as far as the log answers: topics that it does not have are left out, and all of
 * them if it is unavailable.
 */
export async function describeWhatAnswers(
  { log }: Pick<RunnerSettings, 'log'>,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  const ask = (some: readonly string[]) =>
    within(PATIENCE_MS, 'the log', log.describe(some)).catch((error: unknown) =>
      isRepriseError(error, 'UNKNOWN_TOPIC') ? null : new Map<string, TopicDescription>(),
    );
  const all = await ask(topics);
  if (all !== null) return all;
  const each = await Promise.all(topics.map((topic) => ask([topic])));
  return new Map(each.flatMap((found) => [...(found ?? [])]));
}
