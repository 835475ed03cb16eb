/**
 * How a task of this process is: `opening` (again after an OFFSET_MISMATCH or an infrastructure
 * fault, with backoff), `running`, or `halted` by a typed error, still owned.
 */
export type TaskPhase = 'opening' | 'running' | 'halted';
