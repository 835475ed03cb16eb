import { pause } from '../../concurrency/pause.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Reprise } from '../../reprise.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { ProjectionStatus } from '../../runner/status/task-status.ts';
import { throwIfStopped } from './stop-on-signals.ts';

/** A projection that has folded everything, as `dev --exit` prints it: counts are JSON numbers. */
export interface CaughtUp {
  readonly name: string;
  readonly version: number;
  readonly rows: number;
  readonly lagRecords: number;
}

const POLL_MS = 150;

/**
 * Waits until every active version has folded the whole log and has published its events. Requires
 * this twice in a row, because one projection may publish what another folds. @throws NOT_VERIFIED
 * when a task has halted; VERIFY_REFUSED when another version than the declared one is active;
 * Interrupted
 */
export async function catchUp(app: Reprise, signal: AbortSignal): Promise<readonly CaughtUp[]> {
  let quiet = 0;
  for (;;) {
    throwIfStopped(signal);
    const status = await app.status();
    const active = status.filter(({ state, isUndeclared }) => !isUndeclared && state === 'active');
    throwIfHalted(active);
    throwIfNotRun(app.plans, active);
    const isDone = active.every(
      ({ lagRecords, unpublished }) => lagRecords === 0n && unpublished === 0n,
    );
    quiet = isDone ? quiet + 1 : 0;
    if (active.length > 0 && quiet > 1) {
      const counted = await app.status({ exact: true });
      const done = counted.filter(({ state }) => state === 'active');
      return done.map(({ name, version, rows, lagRecords }) => ({
        name,
        version,
        rows: Number(rows),
        lagRecords: Number(lagRecords),
      }));
    }
    if (status.every(({ isUndeclared }) => isUndeclared)) return [];
    await pause(POLL_MS, signal);
  }
}

/** The active version of a projection whose declared version is another: nobody here folds it. */
function throwIfNotRun(plans: readonly Plan[], active: readonly ProjectionStatus[]): void {
  for (const { name, version } of plans) {
    const other = active.find((each) => each.name === name && each.version !== version);
    if (other === undefined) continue;
    throw new RepriseError(
      'VERIFY_REFUSED',
      `${name} version ${version} is declared, and version ${other.version} is active: this process cannot catch up. Run: reprise rebuild ${name}; start the new code with: reprise run; then: reprise activate ${name}.`,
      { facts: { projection: name, version } },
    );
  }
}

function throwIfHalted(projections: readonly ProjectionStatus[]): void {
  for (const { name, version, tasks } of projections) {
    const halted = tasks.find(({ state }) => state === 'halted');
    if (halted === undefined) continue;
    throw new RepriseError(
      'NOT_VERIFIED',
      `${name} version ${version} halted on partition ${halted.partition}: ${halted.error ?? 'no reason given'} Nothing was skipped; see reprise status.`,
      { facts: { projection: name, partition: halted.partition } },
    );
  }
}
