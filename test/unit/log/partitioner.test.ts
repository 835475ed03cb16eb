import { expect, test } from 'vitest';
import { murmur2, partitionFor } from '../../../src/log/partition-for.ts';

/** Key, `Utils.murmur2`, `toPositive(murmur2) % 17`: printed by Kafka 4.1.1's Java client. */
const java: readonly (readonly [string, number, number])[] = [
  ['', 275646681, 11],
  ['a', -1563381124, 0],
  ['ab', 316155434, 8],
  ['abc', 479470107, 16],
  ['abcd', -1323649548, 7],
  ['21', -973932308, 13],
  ['foobar', -790332482, 9],
  ['The quick brown fox', -340512587, 6],
  ['payments-ü', -1342176557, 6],
  ['a-little-bit-longer-string', -1486304829, 12],
];

test.each(java)('hashes %j and picks its partition as Java does', (key, hash, partition) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
  expect(partitionFor(Buffer.from(key), 17, 5)).toBe(partition);
});

test('goes round robin without a key', () => {
  expect([0, 1, 2, 3, 4].map((turn) => partitionFor(null, 3, turn))).toEqual([0, 1, 2, 0, 1]);
});
