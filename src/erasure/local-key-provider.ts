import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { RepriseError } from '../reprise-error.ts';
import type { KeyProvider } from './key-provider.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Creates a provider from its keys as text: `name:<32 bytes in base64>`, separated by commas or
 * line ends. The first key wraps new data keys; all keys unwrap. To rotate, put a new key first and
 * keep the old ones until no data key is wrapped by them. AES-256-GCM. @throws CONFIG_INVALID
 * @example
 * const key = Buffer.alloc(32, 7).toString('base64');
 * const keyProvider = localKeyProvider(`2026-11:${key}`);
 */
export function localKeyProvider(text: string): KeyProvider {
  const keys = new Map(
    text
      .split(/[,\s]+/)
      .filter(Boolean)
      .map(parseKey),
  );
  const [first] = keys;
  if (first === undefined) throw invalid('has no key');
  const [wrappingKey, key] = first;
  return {
    async wrap(dataKey) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const wrapped = Buffer.concat([
        nonce,
        cipher.update(dataKey),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return { wrapped, wrappingKey };
    },
    async unwrap(wrapped, name) {
      const by = keys.get(name);
      if (by === undefined) {
        throw new Error(`the wrapping key "${name}" is not among those configured`);
      }
      const decipher = createDecipheriv('aes-256-gcm', by, wrapped.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
      const text = wrapped.subarray(NONCE_BYTES, wrapped.length - TAG_BYTES);
      return Buffer.concat([decipher.update(text), decipher.final()]);
    },
  };
}

function parseKey(entry: string): [string, Buffer] {
  const [, name, base64] = /^([\w.-]+):([A-Za-z0-9+/_-]+=*)$/.exec(entry) ?? [];
  const key = Buffer.from(base64 ?? '', 'base64');
  if (name === undefined || key.length !== 32) throw invalid('has an entry that is none');
  return [name, key];
}

function invalid(problem: string): RepriseError {
  return new RepriseError(
    'CONFIG_INVALID',
    `The text of wrapping keys ${problem}. Write name:key, the key being 32 bytes in base64, as of: openssl rand -base64 32`,
    { facts: { key: 'erasure' } },
  );
}
