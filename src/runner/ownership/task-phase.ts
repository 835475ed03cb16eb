/**
 * Phase of a task of this process: `opening` (also again, with backoff, after an OFFSET_MISMATCH or
 * an infrastructure fault), `running`, or `halted` by a typed error and still owned.
 */
export type TaskPhase = 'opening' | 'running' | 'halted';
