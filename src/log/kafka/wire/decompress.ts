import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { RepriseError } from '../../../reprise-error.ts';
import { loadZstdWasm } from './load-zstd-wasm.ts';
import { lz4FrameSize } from './lz4-frame-size.ts';

/**
 * Uncompresses the records of one batch. `where` names the batch in errors. @throws
 * BUDGET_EXCEEDED, CORRUPT_RECORD_BATCH, UNSUPPORTED_RECORD_BATCH
 */
export type Decompress = (codec: number, packed: Buffer, where: string) => Buffer;

/** Default of the maximum uncompressed bytes of one Kafka batch: 64 MiB. */
const unpackedBytesMaxDefault = 64 * 1024 * 1024;

type Codec = (packed: Buffer, limit: number) => Buffer;

/** Thrown by codecs before they would exceed their limit. */
class TooLarge extends Error {}

const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * Loads the decompressor of Kafka's codecs (1 gzip, 2 snappy, 3 lz4, 4 zstd). A codec whose package
 * cannot be loaded on this machine fails only when a batch needs it.
 */
export async function loadDecompress(
  unpackedBytesMax: number = unpackedBytesMaxDefault,
): Promise<Decompress> {
  const codecs = await (loaded ??= loadCodecs());
  return (codec, packed, where) => {
    const unpack = codecs[codec];
    const name = codecNames[codec] ?? `number ${codec}`;
    if (unpack === undefined || unpack instanceof Error) {
      throw new RepriseError(
        'UNSUPPORTED_RECORD_BATCH',
        `${where} is compressed with ${name}, which cannot be read here. ${
          unpack === undefined
            ? 'Kafka knows gzip, snappy, lz4 and zstd.'
            : `Its package did not load (${unpack.message}): reinstall reprise on this platform.`
        }`,
        { cause: unpack, facts: { codec: name } },
      );
    }
    try {
      return unpack(packed, unpackedBytesMax);
    } catch (cause) {
      throw refused(cause, { name, where, unpackedBytesMax });
    }
  };
}

let loaded: Promise<readonly (Codec | Error)[]> | undefined;

async function loadCodecs(): Promise<readonly (Codec | Error)[]> {
  const require = createRequire(import.meta.url);
  return [
    new Error('not a codec'),
    gunzip,
    orError(() => snappyCodec(require)),
    orError(() => lz4Codec(require)),
    await zstdCodec().catch(asError),
  ];
}

function gunzip(packed: Buffer, limit: number): Buffer {
  return zlib.gunzipSync(packed, { maxOutputLength: limit });
}

function snappyCodec(require: NodeJS.Require): Codec {
  const { uncompressSync } = require('snappy') as typeof import('snappy');
  const xerial = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
  const raw: Codec = (packed, limit) => {
    if (snappyLength(packed) > limit) throw new TooLarge();
    return Buffer.from(uncompressSync(packed, { asBuffer: true }));
  };
  return (packed, limit) => {
    // Java frames its blocks as xerial's stream; librdkafka writes one raw block.
    if (packed.compare(xerial, 0, 8, 0, 8) !== 0) return raw(packed, limit);
    const blocks: Buffer[] = [];
    let left = limit;
    for (let at = 16; at < packed.length; ) {
      const end = at + 4 + packed.readInt32BE(at);
      if (end <= at || end > packed.length) throw new Error('a block reaches beyond the batch');
      const block = raw(packed.subarray(at + 4, end), left);
      left -= block.length;
      blocks.push(block);
      at = end;
    }
    return Buffer.concat(blocks);
  };
}

/** Returns the uncompressed length in the preamble of a raw snappy block, a varint. */
function snappyLength(packed: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = packed[i] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  return Number.POSITIVE_INFINITY;
}

function lz4Codec(require: NodeJS.Require): Codec {
  const { decompressFrameSync } = require('lz4-napi') as typeof import('lz4-napi');
  return (packed, limit) => {
    const size = lz4FrameSize(packed, limit);
    if (size === undefined) throw new Error('not an LZ4 frame');
    if (size > limit) throw new TooLarge();
    return decompressFrameSync(packed);
  };
}

async function zstdCodec(): Promise<Codec> {
  const native: unknown = Reflect.get(zlib, 'zstdDecompressSync');
  if (typeof native === 'function') {
    return (packed, limit) =>
      (native as typeof zlib.gunzipSync)(packed, { maxOutputLength: limit });
  }
  const { decompress } = await loadZstdWasm();
  return (packed, limit) => {
    const size = zstdContentSize(packed);
    if (size !== undefined && size > limit) throw new TooLarge();
    // If the frame has no content size, the size of the result is found by doubling.
    for (let room = Math.max(1 << 20, packed.length * 8); ; room *= 2) {
      try {
        const unpacked = decompress(packed, { defaultHeapSize: Math.min(room, limit) });
        return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length);
      } catch (cause) {
        if (size !== undefined || !/code -70/.test(asError(cause).message)) throw cause;
        if (room >= limit) throw new TooLarge();
      }
    }
  };
}

/**
 * Returns the content size of a zstd frame (RFC 8878, 3.1.1.1); undefined if the frame does not
 * have it.
 */
function zstdContentSize(packed: Buffer): number | undefined {
  if (packed.length < 6) throw new Error('a cut-off zstd frame');
  if (packed.readUInt32LE(0) !== 0xfd2fb528) throw new Error('not a zstd frame');
  const descriptor = packed[4] ?? 0;
  const sizeFlag = descriptor >>> 6;
  const singleSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (singleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (sizeFlag === 0) return singleSegment ? packed.readUInt8(at) : undefined;
  if (sizeFlag === 1) return packed.readUInt16LE(at) + 256;
  if (sizeFlag === 2) return packed.readUInt32LE(at);
  return Number(packed.readBigUInt64LE(at));
}

function refused(
  cause: unknown,
  { name, where, unpackedBytesMax }: { name: string; where: string; unpackedBytesMax: number },
): RepriseError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (cause instanceof TooLarge || code === 'ERR_BUFFER_TOO_LARGE') {
    return new RepriseError(
      'BUDGET_EXCEEDED',
      `${where} is part of a Kafka batch that unpacks from ${name} to more than ${unpackedBytesMax} bytes, so it was not read. If its producer is trusted, raise log.unpackedBytesMax and rebuild.`,
      { cause, facts: { unpackedBytesMax } },
    );
  }
  return new RepriseError(
    'CORRUPT_RECORD_BATCH',
    `${where} cannot be unpacked from ${name}: ${asError(cause).message}. Look at the producer that wrote it.`,
    { cause },
  );
}

function orError(load: () => Codec): Codec | Error {
  try {
    return load();
  } catch (cause) {
    return asError(cause);
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
