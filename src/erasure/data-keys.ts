import type { DataKey } from '../avro/pii/pii-envelope.ts';
import { RepriseError } from '../reprise-error.ts';

/** The keys that encrypt personal data. A subject has one current key at a time. */
export interface DataKeys {
  /**
   * Returns the subject's current key; creates one if there is none, for example after `forget`.
   * @throws KEY_PROVIDER_FAILED, CONFIG_INVALID without a provider
   */
  current(subject: string): Promise<DataKey>;
  /**
   * Returns keys by id; `forgotten`: destroyed; unknown ids are missing. @throws
   * KEY_PROVIDER_FAILED, CONFIG_INVALID without a provider
   */
  byId(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer | 'forgotten'>>;
  /**
   * Removes keys, and the key of a subject, from this process's cache: they are read again before
   * their next use.
   */
  drop(ids: Iterable<string>, subject?: string): void;
}

/** The data keys when no provider is configured: every use fails. */
export const noDataKeys: DataKeys = {
  current: () => Promise.reject(noProvider()),
  byId: (ids) => (ids.length === 0 ? Promise.resolve(new Map()) : Promise.reject(noProvider())),
  drop: () => undefined,
};

/** Returns the current keys of several subjects. @throws as `current` does */
export async function currentKeys(
  dataKeys: Pick<DataKeys, 'current'>,
  subjects: Iterable<string>,
): Promise<ReadonlyMap<string, DataKey>> {
  const keys = new Map<string, DataKey>();
  for (const subject of subjects) keys.set(subject, await dataKeys.current(subject));
  return keys;
}

function noProvider(): RepriseError {
  return new RepriseError(
    'CONFIG_INVALID',
    'An event has "pii" fields, and there is no key to wrap their data keys with. Set REPRISE_WRAPPING_KEYS, or "erasure" in the configuration.',
    { facts: { key: 'erasure' } },
  );
}
