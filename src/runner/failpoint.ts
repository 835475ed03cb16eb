/** Named moments of a flush where a fault test may end the process. */
export type Failpoint =
  | 'flush:locked'
  | 'flush:rows-written'
  | 'flush:before-commit'
  | 'flush:after-commit';

const wanted = process.env['REPRISE_FAILPOINT'];
let remaining = Number(process.env['REPRISE_FAILPOINT_AFTER'] ?? '0');

/**
 * Kills this process with SIGKILL when `REPRISE_FAILPOINT` names this point and it has been passed `REPRISE_FAILPOINT_AFTER` times
 * (default 0): how fault tests stop a runner at an exact step. Does nothing otherwise.
 */
export async function failpoint(name: Failpoint): Promise<void> {
  if (wanted !== name) return;
  if (remaining > 0) {
    remaining -= 1;
    return;
  }
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => undefined);
}
