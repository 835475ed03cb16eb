/**
 * What a version may be used for. `building`: only a rebuild may write it; `ready`: complete, may
 * be activated; `active`: behind the stable view; `frozen`: as of a time, never changed again.
 */
export type VersionState = 'building' | 'ready' | 'active' | 'frozen';

/**
 * The states that each state may follow; null: the version is new. The stores make no other move.
 * A version is dropped from any state but `active`.
 *
 * ```
 * new → building → ready ⇄ active ← new (a first start)
 *          ↓
 *        frozen
 * ```
 */
export const STATES_BEFORE: Readonly<Record<VersionState, readonly (VersionState | null)[]>> = {
  building: [null, 'building'],
  ready: ['building', 'active'],
  active: [null, 'ready'],
  frozen: ['building'],
};
