/** Codecs that appended batches can be written in. */
export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
