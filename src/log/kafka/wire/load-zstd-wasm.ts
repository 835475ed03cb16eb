let loading: Promise<typeof import('@bokuweb/zstd-wasm')> | undefined;

/**
 * Loads zstd for Node before 22.15. Initialized once: a second `init` breaks the first one's
 * memory.
 */
export function loadZstdWasm(): Promise<typeof import('@bokuweb/zstd-wasm')> {
  loading ??= load();
  return loading;
}

async function load(): Promise<typeof import('@bokuweb/zstd-wasm')> {
  const zstd = await import('@bokuweb/zstd-wasm');
  await zstd.init();
  return zstd;
}
