import type { DataKey } from '../avro/pii/pii-envelope.ts';
import { RepriseError } from '../reprise-error.ts';

/** The keys that encrypt personal data, one for each subject at a time. */
export interface DataKeys {
  /**
   * The subject's key, made where there is none: after `forget`, a new one. @throws
   * KEY_PROVIDER_FAILED, CONFIG_INVALID without a provider
   */
  current(subject: string): Promise<DataKey>;
  /**
   * Keys by id; `forgotten`: destroyed; ids nobody knows are missing. @throws KEY_PROVIDER_FAILED,
   * CONFIG_INVALID without a provider
   */
  byId(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer | 'forgotten'>>;
  /**
   * Drops keys, and a subject's, from this process's memory: they are read again before they are
   * used.
   */
  drop(ids: Iterable<string>, subject?: string): void;
}

/** Stands where no provider is configured: nothing can be encrypted or decrypted. */
export const noDataKeys: DataKeys = {
  current: () => Promise.reject(noProvider()),
  byId: (ids) => (ids.length === 0 ? Promise.resolve(new Map()) : Promise.reject(noProvider())),
  drop: () => undefined,
};

/** The current keys of several subjects. @throws as `current` does */
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
