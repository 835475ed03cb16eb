import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { RepriseError } from '../../../reprise-error.ts';
import type { CompressionName } from '../wire/compression-name.ts';
import { loadZstdWasm } from '../wire/load-zstd-wasm.ts';

/** A codec of record batches; `id` is its number in a batch's attributes. */
export interface BatchCodec {
  readonly id: number;
  readonly compress: (records: Buffer) => Buffer;
}

/**
 * Block size of Java's snappy stream. Its consumers accept any size; this one keeps their buffers
 * small.
 */
const snappyBlockBytes = 32 * 1024;

/**
 * Loads the codec of a name. @throws CONFIG_INVALID if its package cannot be loaded on this machine
 */
export async function loadBatchCodec(name: CompressionName): Promise<BatchCodec> {
  try {
    const require = createRequire(import.meta.url);
    if (name === 'gzip') return { id: 1, compress: (records) => zlib.gzipSync(records) };
    if (name === 'snappy') return { id: 2, compress: snappy(require) };
    if (name === 'lz4') return { id: 3, compress: lz4(require) };
    if (name === 'zstd') return { id: 4, compress: await zstd() };
    return { id: 0, compress: (records) => records };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError(
      'CONFIG_INVALID',
      `log.compression is ${name}, whose package did not load here (${reason}). Reinstall reprise on this platform, or choose another codec.`,
      { cause, facts: { compression: name } },
    );
  }
}

type Compress = BatchCodec['compress'];

/** Compresses in the framing of xerial's snappy stream, which Java's consumers require. */
function snappy(require: NodeJS.Require): Compress {
  const { compressSync } = require('snappy') as typeof import('snappy');
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  return (records) => {
    const parts: Buffer[] = [head];
    for (let from = 0; from < records.length; from += snappyBlockBytes) {
      const block = compressSync(records.subarray(from, from + snappyBlockBytes));
      const length = Buffer.allocUnsafe(4);
      length.writeInt32BE(block.length);
      parts.push(length, block);
    }
    return Buffer.concat(parts);
  };
}

function lz4(require: NodeJS.Require): Compress {
  const { compressFrameSync } = require('lz4-napi') as typeof import('lz4-napi');
  return (records) => compressFrameSync(records);
}

async function zstd(): Promise<Compress> {
  const native: unknown = Reflect.get(zlib, 'zstdCompressSync');
  if (typeof native === 'function') return native as (records: Buffer) => Buffer;
  const { compress } = await loadZstdWasm();
  return (records) => Buffer.from(compress(records));
}
