import type { Position } from '../log/event-log.ts';

/** Placeholder of the room's public face; the readmodel room types `query` from the definition. */
export interface ReadModels {
  /** Resolves once the active version of the projection has folded the record at `position`. Default timeout 10,000 ms. @throws TIMEOUT, UNKNOWN_PROJECTION */
  waitFor(
    projection: unknown,
    position: Position,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void>;
}
