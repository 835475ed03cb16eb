import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of array buffers that something still refers to, after full collections. */
export async function heldBufferBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collect();
    await turn(); // Buffers are freed by finalizers, which run between turns.
  }
  return process.memoryUsage().arrayBuffers;
}
