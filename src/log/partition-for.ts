const seed = 0x9747b28c | 0;
const multiplier = 0x5bd1e995;

/**
 * Computes murmur2 as Kafka's Java client does (`org.apache.kafka.common.utils.Utils.murmur2`): a
 * signed 32-bit integer. All producers that use it choose the same partitions.
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = byteAt(data, i) | (byteAt(data, i + 1) << 8);
    k |= (byteAt(data, i + 2) << 16) | (byteAt(data, i + 3) << 24);
    k = Math.imul(k, multiplier);
    k = Math.imul(k ^ (k >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ k;
  }
  const rest = length - whole;
  if (rest === 3) hash ^= byteAt(data, whole + 2) << 16;
  if (rest >= 2) hash ^= byteAt(data, whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(data, whole), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

function byteAt(data: Uint8Array, index: number): number {
  return data[index] ?? 0;
}

/**
 * Returns the partition of a record: murmur2 of its key as in Kafka's Java client; without a key,
 * `roundRobin` (any counter ≥ 0) modulo the partition count.
 */
export function partitionFor(
  key: Uint8Array | null,
  partitions: number,
  roundRobin: number,
): number {
  if (key === null) return roundRobin % partitions;
  return (murmur2(key) & 0x7fffffff) % partitions;
}
