/**
 * Named moments of a flush, or of the relay between the log's acknowledgement and the deletion,
 * where a fault test may do something to the process.
 */
export type Failpoint =
  | 'flush:begun'
  | 'flush:locked'
  | 'flush:rows-written'
  | 'flush:outcomes-written'
  | 'flush:before-commit'
  | 'flush:after-commit'
  | 'transaction:commit-sent'
  | 'relay:appended';

const wanted = process.env['REPRISE_FAILPOINT'];
const action = process.env['REPRISE_FAILPOINT_ACTION'] ?? 'SIGKILL';
let remaining = Number(process.env['REPRISE_FAILPOINT_AFTER'] ?? '0');

/**
 * When `REPRISE_FAILPOINT` names this point and it has been passed `REPRISE_FAILPOINT_AFTER` times
 * (default 0), once: sends this process the signal that `REPRISE_FAILPOINT_ACTION` names (default
 * SIGKILL), or blocks its event loop for so many milliseconds. How fault tests stop a runner at an
 * exact step. Does nothing otherwise.
 */
export async function failpoint(name: Failpoint): Promise<void> {
  if (wanted !== name || remaining < 0) return;
  remaining -= 1;
  if (remaining >= 0) return;
  const blockMs = Number(action);
  if (blockMs > 0) {
    const untilMs = performance.now() + blockMs;
    while (performance.now() < untilMs);
    return;
  }
  process.kill(process.pid, action);
  // A killed process must do nothing more; a stopped one, or one that was told to end, goes on when
  // it can.
  if (action === 'SIGKILL') await new Promise(() => undefined);
}
