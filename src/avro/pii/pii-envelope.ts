import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { REDACTED } from '../../event/redacted.ts';
import { RepriseError } from '../../reprise-error.ts';

/** A key that encrypts the values of one subject: 32 bytes, and the id that its values carry. */
export interface DataKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Data keys by id: the key; `forgotten`: it was destroyed; undefined: unknown. */
export interface KeyRing {
  keyOf(keyId: string): Buffer | 'forgotten' | undefined;
}

/** Prefix of every encrypted value. */
const MARK = 'pii:v1:';
const mark = Buffer.from(MARK);
/** Sixteen random bytes in base64url. */
const ID_BYTES = 16;
const ID_CHARACTERS = 22;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const headBytes = mark.length + ID_CHARACTERS + 1;
const idPattern = /^[A-Za-z0-9_-]{22}$/;
const redacted = Buffer.from(REDACTED);

/** Creates an id for a data key. */
export function newKeyId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/**
 * Encrypts a value: `pii:v1:<key id>:<nonce, ciphertext and tag in base64url>`. ASCII, so that it
 * is valid text and valid bytes. AES-256-GCM, which also authenticates prefix and key id.
 */
export function sealValue(plain: Uint8Array, { id, key }: DataKey): Buffer {
  const head = `${MARK}${id}:`;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(head));
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return Buffer.from(head + sealed.toString('base64url'));
}

/** True if `bytes[start, end)` has the prefix of an encrypted value. */
export function isSealed(bytes: Buffer, start: number, end: number): boolean {
  return end - start > headBytes && mark.compare(bytes, start, start + mark.length) === 0;
}

/**
 * Decrypts the value in `bytes[start, end)`, for which `isSealed` is true; `REDACTED` if its key
 * was destroyed.
 * @throws UNKNOWN_DATA_KEY, DECODE_FAILED if it was modified or truncated
 */
export function openValue(bytes: Buffer, start: number, end: number, keys: KeyRing): Buffer {
  const head = bytes.toString('latin1', start, start + headBytes);
  const id = head.slice(mark.length, -1);
  if (!idPattern.test(id) || !head.endsWith(':')) throw broken('its head is malformed');
  const key = keys.keyOf(id);
  if (key === 'forgotten') return redacted;
  if (key === undefined) throw unknownKey(id);
  const sealed = Buffer.from(bytes.toString('latin1', start + headBytes, end), 'base64url');
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw broken('it is cut off');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(head));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const text = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
    return Buffer.concat([decipher.update(text), decipher.final()]);
  } catch {
    throw broken('it was changed since it was encrypted');
  }
}

/**
 * Returns the ids of all keys that values in `bytes[start, end)` are, or seem to be, encrypted
 * with.
 */
export function keyIdsIn(bytes: Buffer, start: number, end: number): ReadonlySet<string> {
  const ids = new Set<string>();
  const searched = bytes.subarray(start, end);
  for (let at = searched.indexOf(mark); at >= 0; at = searched.indexOf(mark, at + 1)) {
    const from = at + mark.length;
    const id = searched.toString('latin1', from, from + ID_CHARACTERS);
    if (idPattern.test(id)) ids.add(id);
  }
  return ids;
}

/**
 * Returns the prefix of every value that is encrypted with a key, to find these values in stored
 * bytes.
 */
export function sealedPrefix(keyId: string): Buffer {
  return Buffer.from(`${MARK}${keyId}:`);
}

function broken(why: string): RepriseError {
  return new RepriseError(
    'DECODE_FAILED',
    `A pii value cannot be decrypted: ${why}. Look at its producer.`,
  );
}

function unknownKey(id: string): RepriseError {
  return new RepriseError(
    'UNKNOWN_DATA_KEY',
    `A pii value is encrypted with data key ${id}, which reprise.data_keys of this database does not hold. It is neither readable nor forgotten: use the database that its producer used, or restore that table.`,
    { facts: { keyId: id } },
  );
}
