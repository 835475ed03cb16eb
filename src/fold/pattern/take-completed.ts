import type { SkipPlan } from '../../projection/plan/pattern-element.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { Completed, KeyState, Taken } from './key-state.ts';
import { chainOf } from './key-state.ts';

/**
 * Takes complete matches: without a skip strategy at once; otherwise each when no partial match of
 * the key that started earlier is left, so that an inner match does not suppress the outer one. A
 * taken match drops others, complete or partial, by the strategy (Flink's
 * processMatchesAccordingToSkipStrategy).
 * @returns the matches taken, in order @throws HANDLER_FAILED if a strategy with throwOnMiss has no
 * step to skip to
 */
export function takeCompleted(key: KeyState, skip: SkipPlan): readonly Completed[] {
  if (skip.kind === 'noSkip') return key.completed.splice(0);
  const taken: Completed[] = [];
  for (let first = key.completed[0]; first !== undefined; first = key.completed[0]) {
    const { startSeq } = first;
    if (key.runs.some((run) => run.startSeq < startSeq)) break;
    taken.push(first);
    key.completed.shift();
    const drops = dropsAfter(skip, first);
    if (drops === null) continue;
    key.runs = key.runs.filter((run) => !drops(run.startSeq));
    key.completed = key.completed.filter((match) => !drops(match.startSeq));
  }
  return taken;
}

/** Returns the range of starts that a match drops; null: none. */
function dropsAfter(
  skip: SkipPlan,
  { last, startSeq: start }: Completed,
): ((startSeq: number) => boolean) | null {
  switch (skip.kind) {
    case 'noSkip':
      return null;
    case 'skipToNext':
      return (startSeq) => startSeq === start;
    case 'skipPastLastEvent':
      return (startSeq) => startSeq <= last.seq;
    default:
      return dropsBeforeStep(skip, last, start);
  }
}

function dropsBeforeStep(
  { kind, step, throwOnMiss }: Extract<SkipPlan, { readonly step: string }>,
  last: Taken,
  start: number,
): ((startSeq: number) => boolean) | null {
  const seqs = chainOf(last).flatMap((taken) => (taken.step === step ? [taken.seq] : []));
  const to = kind === 'skipToFirst' ? seqs[0] : seqs.at(-1);
  if (throwOnMiss && (to === undefined || to === start)) {
    const why =
      to === undefined
        ? 'the match has no event of that step'
        : "that step has the match's own first event, so there is nothing to skip";
    throw new RepriseError(
      'HANDLER_FAILED',
      `${kind}("${step}"): ${why}, and throwOnMiss is set. Skip to a step that every match has behind its first event, or leave throwOnMiss out.`,
    );
  }
  return to === undefined ? null : (startSeq) => startSeq < to;
}
