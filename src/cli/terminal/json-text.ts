/**
 * Formats JSON on one line. Longs (bigint) become text, because JavaScript and many other readers
 * would round them; dates are ISO 8601; bytes are hexadecimal.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    if (isBufferJson(each)) return Buffer.from(each.data).toString('hex');
    return each;
  });
}

/** Buffers are already converted to this form when a replacer receives them. */
function isBufferJson(value: unknown): value is { readonly data: readonly number[] } {
  return (
    typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer'
  );
}
