import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResponseAssembly } from '../../../../../src/log/kafka/connection/response-assembly.ts';
import { ReaderMemory } from '../../../../../src/log/kafka/read/reader-memory.ts';

function framed(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** The bytes cut at any places, empty pieces among them. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 12 });

test('responses come out whole and in order, however the socket cuts them', () => {
  fc.assert(
    fc.property(bodies, fc.array(fc.nat(), { maxLength: 30 }), (sent, places) => {
      const responses: Buffer[] = [];
      const assembly = new ResponseAssembly(Buffer.allocUnsafe, (body) => responses.push(body));
      for (const chunk of cut(Buffer.concat(sent.map(framed)), places)) assembly.push(chunk);
      expect(responses.map((body) => [...body])).toEqual(sent.map((body) => [...body]));
      expect(assembly.isEmpty).toBe(true);
    }),
  );
});

test('after a reset, as for a new socket, the next response begins', () => {
  const responses: string[] = [];
  const assembly = new ResponseAssembly(Buffer.alloc, (body) => responses.push(String(body)));
  assembly.push(framed(Buffer.from('never complete')).subarray(0, 9));
  expect(assembly.isEmpty).toBe(false);
  assembly.reset();
  assembly.push(framed(Buffer.from('whole')));
  expect(responses).toEqual(['whole']);
});

test('memory is lent to one at a time, and only what was given back is lent again', () => {
  const sizes = fc.integer({ min: 1, max: 3_000_000 });
  const moves = fc.array(fc.record({ size: sizes, keep: fc.nat(3) }), { maxLength: 40 });
  fc.assert(
    fc.property(moves, (course) => {
      const memory = new ReaderMemory();
      const held: Buffer[] = [];
      const spans = () =>
        held.map((one) => ({
          memory: one.buffer,
          from: one.byteOffset,
          to: one.byteOffset + one.length,
        }));
      for (const { size, keep } of course) {
        const taken = memory.take(size);
        expect(taken.length).toBe(size);
        const to = taken.byteOffset + size;
        for (const span of spans()) {
          const apart =
            span.memory !== taken.buffer || span.to <= taken.byteOffset || span.from >= to;
          expect(apart).toBe(true);
        }
        held.push(taken);
        while (held.length > keep) memory.give((held.shift() as Buffer).subarray(0, 0));
      }
    }),
    { numRuns: 30 },
  );
});

test('what was given back twice, or was never lent, is not lent twice', () => {
  const memory = new ReaderMemory();
  const first = memory.take(100_000);
  memory.give(first);
  memory.give(first);
  memory.give(Buffer.allocUnsafeSlow(1_000_000));
  const again = memory.take(100_000);
  expect(again.buffer).toBe(first.buffer);
  expect(memory.take(100_000).buffer).not.toBe(first.buffer);
});
